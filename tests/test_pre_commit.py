"""The hook that other repositories use: its command, run as pre-commit does, in their root."""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import DEMO, ROOT, Run

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize(
    ("claim", "code"), [("It holds 1.26M parameters.", 0), ("It holds 27.3B parameters.", 1)]
)
def test_it_audits_the_card_beside_the_checkpoint(
    claim: str, code: int, run: Run, tmp_path: Path
) -> None:
    (hook,) = HOOKS
    program, *entry = shlex.split(hook["entry"])
    assert (program, hook["language"], hook["pass_filenames"]) == ("release", "python", False)
    folder = shutil.copytree(DEMO, tmp_path / "checkpoint")
    (folder / "README.md").write_text(f"---\nlicense: apache-2.0\n---\n\n# tiny\n\n{claim}\n")
    done = run(*entry, *hook["args"], cwd=folder)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("K104" in done.stdout) == bool(code)
