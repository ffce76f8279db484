import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run


@pytest.mark.slow
def test_the_demo_runs_every_command_and_shows_a_broken_copy(tmp_path: Path, run: Run) -> None:
    environment = {"HF_TOKEN": "hf_callers_own", "HF_HUB_OFFLINE": "1"}
    result = run("demo", "--keep", tmp_path / "kept", **environment)
    assert result.returncode == 0, result.stderr
    text = result.stdout
    for command in ("verify", "tables", "card", "push", "verify broken"):
        assert f"$ release {command}" in text
    assert "passed" in text
    assert "Q101" in text
    assert "1 commit" in text
    assert "hf_callers_own" not in text + result.stderr
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"release.toml", "Qwen3.5-tiny-FP8-NVFP4", "broken", ".release"} <= kept


def test_it_never_writes_into_a_folder_in_use(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine.txt").write_text("x")
    result = run("demo", "--keep", tmp_path)
    assert result.returncode == 2
    assert "is not empty" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt", "work"]


@pytest.mark.slow
def test_without_a_folder_it_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "release", "demo"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
