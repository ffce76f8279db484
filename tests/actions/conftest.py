"""A job on a checkpoint of its own, and the installed action; nothing is fetched."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.runner import Job, Start, machine
from tests.conftest import DEMO, MANIFEST, ROOT

ACTION = ROOT / ".github" / "actions" / "release"
MakeJob = Callable[..., Job]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout: a manifest, and a checkpoint that passes."""
    place = tmp_path / "workspace"
    shutil.copytree(DEMO, place / "ckpt")
    (place / "release.toml").write_text(f'checkpoint = "ckpt"\n{MANIFEST}')
    return place


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What install.sh makes, once: its pins are those that are here, so pip finds them held."""
    home = tmp_path_factory.mktemp("installed")
    output = home / "output"
    done = subprocess.run(
        ["bash", str(ACTION / "install.sh")],
        env=machine(home)
        | held_here()
        | {
            "INTERPRETER": sys.executable,
            "RUNNER_TEMP": str(home),
            "GITHUB_OUTPUT": str(output),
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(output.read_text().strip().removeprefix("python="))


def held_here() -> dict[str, str]:
    """Let pip and a new environment see the packages of this one, and nothing else."""
    return {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_INDEX": "1"}


@pytest.fixture
def job(workspace: Path, tmp_path: Path, installed: Path) -> MakeJob:
    """Run the action as a job; its first step finds everything installed already."""

    def call(start: Start | None = None, /, *, inputs: dict[str, str], **environment: str) -> Job:
        given = machine(tmp_path) | held_here() | {"HF_HOME": str(tmp_path / "hf")} | environment
        made = Job(ACTION, inputs, workspace, tmp_path / "runner", given)
        made.preset["install"] = {"python": str(installed)}
        return made.run(start)

    return call
