"""Write what repeats the code: reference pages, schemas, pictures, and the output of commands.

With `--check` only compare. Never merge either by hand: after a rebase run `make docs` and commit
what it wrote.
"""

import argparse
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from pictures import verify_picture
from reference_card import reference_card
from reference_pages import commands, manifest, report
from sessions import BLOCK as TYPED
from sessions import with_sessions

from release.demo.tour import HERE, break_a_copy
from release.rules.catalogue import LoadedRule, all_rules
from release.schemas import FOLDER, build_schemas

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BLOCK = re.compile(r"(?<=```console\n)\$ release (?P<args>.*)\n(?:.*\n)*?(?=```)")
HEAD = """\
# Rules

<!-- Written by `make docs` from the docstrings under checks/. Do not edit. -->

`release rule CODE` prints the same. Severity: an `error` must not be published, a `warning` fails
with `--strict`, `info` never does. Level: what must have been read for the rule to judge."""


def main() -> None:
    """Write all, or end with 1 when one is not what the code says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    readme = ROOT / "README.md"
    reference = DOCS / "reference"
    texts = {
        DOCS / "rules.md": "\n".join([HEAD, *_page()]) + "\n",
        reference / "commands.md": commands(),
        reference / "manifest.md": manifest(),
        reference / "report.md": report(),
        DOCS / "pictures" / "verify.svg": verify_picture(),
        **_sessions(),
        **{FOLDER / name: text for name, text in build_schemas().items()},
        **runpy.run_path(str(ROOT / "examples" / "make.py"))["render"](),
        DOCS / "reference-card.md": reference_card() + "\n",
        readme: _with_output(readme.read_text(encoding="utf-8")),
    }
    for path, text in texts.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            name = path.relative_to(ROOT)
            sys.exit(f"{name} is not what the code says: run `make docs` and commit {name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _sessions() -> dict[Path, str]:
    """The pages whose commands are run, each in a folder and with a Hub of its own."""
    pages = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
    typed = [page for page in pages if TYPED.search(page.read_text(encoding="utf-8"))]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(typed, pool.map(with_sessions, typed), strict=True))


def _with_output(text: str) -> str:
    """Fill every console block with what its command prints, run beside the demo's checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(HERE / "checkpoint", work / "ckpt")
        break_a_copy(work / "ckpt", work / "broken")
        return BLOCK.sub(lambda block: _run(block["args"], work), text)


def _run(args: str, work: Path) -> str:
    command = [sys.executable, "-m", "release", *args.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    return f"$ release {args}\n{done.stdout}"


def _page() -> Iterator[str]:
    rules = [rule.load() for rule in all_rules()]
    families = [(key, list(group)) for key, group in groupby(rules, lambda item: item.rule.family)]
    for family, members in families:
        yield from ("", f"## {family.capitalize()}", "")
        yield from ("| Rule | Severity | Level | What is wrong |", "| --- | --- | --- | --- |")
        yield from map(_row, members)
        for loaded in members:
            yield from _section(loaded)


def _row(loaded: LoadedRule) -> str:
    rule, severity = loaded.rule, loaded.metadata.severity
    levels = ", ".join(loaded.level_names)
    return f"| [{rule}](#{_anchor(loaded)}) | {severity} | {levels} | {_cell(rule.title)} |"


def _section(loaded: LoadedRule) -> Iterator[str]:
    rule, metadata = loaded.rule, loaded.metadata
    levels = ", ".join(loaded.level_names)
    yield from ("", f"### {rule}", "", f"{metadata.severity} · {levels} · since {metadata.since}")
    yield from ("", rule.title, "")
    yield from (f"- **{label}:** {text}" for label, text in rule.sections.items())


def _anchor(loaded: LoadedRule) -> str:
    return str(loaded.rule).lower().replace(" ", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
