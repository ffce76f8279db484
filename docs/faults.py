"""Write docs/faults.md: what became of a push after each fault at each request.

Takes minutes: run it by hand when what a push asks of the Hub has changed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from release.demo.tour import HERE
from tests.conftest import MANIFEST
from tests.publish.campaign import KINDS, SCENARIOS, run_all

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "faults.md"
SURVIVED, AGAIN = "+", "r"
HEAD = """\
# Faults

<!-- Written by docs/faults.py from the runs of tests/publish/campaign.py. Do not edit. -->

Every request of a push, and every way in which it can go wrong once. After each run the Hub held
either what it held before or exactly the release, nothing was shown early, and there was never a
second commit or pull request; CI runs all of them.

- `+` the push went on and completed;
- `r` it ended with one line that says where that leaves us, and the same command completed it;
- an empty cell: the fault is none there (only a question can be answered with an old answer).

| fault | what happens |
| --- | --- |
| 503 | refused, nothing done |
| 500, done | done, and answered with an error |
| dropped | the connection breaks, nothing done |
| dropped, done | done, and the connection breaks |
| hangs, done late | no answer in time; done after the client has given up |
| cut short | done, and the answer ends in the middle |
| HTML | done, and a gateway's page in place of the answer |
| 429 | rate limited, with Retry-After |
| 401 expired | the token is not accepted any more |
| 412, done | done, and answered as if somebody else had been first |
| 507 full | the disk of the Hub is full |
| stale | a copy of the Hub that lags behind answers |

## What never ends

| what | what becomes of a push |
| --- | --- |
| a Hub, a xet store or a host of files that says nothing | left after `--timeout`, 300 s |
| a xet store whose token names no address, or no time | the same |
| headers that drip; a body that drips | left after 255 s; after 120 s |
| an answer of more than 64 MiB, or packed twice | refused before it is read |
| a list that leads to itself | refused |
| Retry-After of days | five minutes of it are waited, then `--timeout` |
| Ctrl-C, SIGTERM, SIGHUP | ends at once: exit code 130, 143, 129 |
| kill -9 | nothing goes on sending |

Each ends with one line that names the files under way and says where that leaves us, and the same
command goes on from there. `--timeout` is about silence: no byte went out, and no answer came.
"""


def main() -> None:
    """Run the campaign over plain HTTP and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        shutil.copytree(HERE / "checkpoint", work / "ckpt")
        env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HOME": f"{folder}/hf"}
        env |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        _prepare(work, env)
        results = run_all(work, env)
    if failed := [result for result in results if "failed" in result]:
        sys.exit(f"{len(failed)} runs failed, the first: {failed[0]}")
    PAGE.write_text("\n".join([HEAD, *_tables(results)]) + "\n", encoding="utf-8")


def _prepare(work: Path, env: dict[str, str]) -> None:
    (work / "release.toml").write_text(f'checkpoint = "ckpt"\n{MANIFEST}', encoding="utf-8")
    for command in ("verify", "card"):
        args = [sys.executable, "-m", "release", command, "-q"]
        subprocess.run(args, cwd=work, env=env, check=True, stdout=subprocess.DEVNULL)


def _tables(results: list[dict[str, Any]]) -> Iterator[str]:
    survived = sum(not result["said"] for result in results)
    yield f"{len(results)} runs: {survived} went on, {len(results) - survived} took a second push."
    for scenario in SCENARIOS:
        yield f"\n## {scenario.capitalize()}\n"
        yield f"| request | {' | '.join(KINDS)} |"
        yield "| --- |" + " :-: |" * len(KINDS)
        rows: dict[str, dict[str, str]] = {}
        for result in results:
            if result["scenario"] == scenario:
                cell = AGAIN if result["said"] else SURVIVED
                rows.setdefault(result["request"], {})[result["kind"]] = cell
        for request, cells in rows.items():
            yield f"| {request} | {' | '.join(cells.get(kind, '') for kind in KINDS)} |"


if __name__ == "__main__":
    main()
