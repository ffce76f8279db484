"""What `release completion` prints is run by real shells, where they are."""

import shutil
import subprocess
from pathlib import Path

import pytest

from release.memory.gpus import all_gpus
from tests.conftest import Run

WORDS = {
    "release ver": {"verify"},
    "release rule q10": {f"Q10{digit}" for digit in range(1, 10)},
    "release fit --gpu rtx-50": {
        gpu.name.replace(" ", "-") for gpu in all_gpus() if gpu.name.startswith("RTX 50")
    },
    "release verify --lev": {"--level"},
    "release verify --level ": {"headers", "bytes"},
}


@pytest.mark.parametrize("line", WORDS)
def test_words_are_completed(line: str, run: Run) -> None:
    env = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "_RELEASE_COMPLETE": "bash_complete",
    }
    done = run(**env)
    assert {item.partition(",")[2] for item in done.stdout.splitlines()} == WORDS[line], done.stderr


def test_bash_completes_with_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "release").write_text('#!/bin/sh\necho "plain,verify"\n')
    (tmp_path / "release").chmod(0o755)
    script = f"""{run("completion", "bash").stdout}
complete -p release release-checkpoint
COMP_WORDS=(release ver); COMP_CWORD=1
_release_completion ./release
echo "${{COMPREPLY[@]}}"
"""
    command = ["bash", "--norc", "-euc", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *registered, completed = done.stdout.splitlines()
    assert [line.split()[-1] for line in registered] == ["release", "release-checkpoint"]
    assert completed == "verify"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_it(shell: str, run: Run) -> None:
    text = run("completion", shell).stdout
    assert "release-checkpoint" in text
    if shutil.which(shell):
        done = subprocess.run(
            [shell, "-n"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
