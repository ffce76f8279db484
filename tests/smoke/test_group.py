"""Nothing of a group outlives us: real processes, really killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from release.errors import ReleaseError
from release.smoke.group import Group, members
from tests.conftest import ROOT

# A parent with a child of its own, as vLLM has an engine process; both deaf to SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
print("up", flush=True)
time.sleep(60)
"""
OWNER = """
import pathlib, sys, time
from release.smoke.group import Group
group = Group([sys.executable, sys.argv[1]], pathlib.Path(sys.argv[2]), {})
print(group.number, flush=True)
time.sleep(60)
"""


def start(folder: Path, program: str) -> tuple[list[str], Path]:
    script = folder / "program.py"
    script.write_text(program)
    return [sys.executable, str(script)], folder / "log"


def settled(group: int, count: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while len(members(group)) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(members(group)) == count


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    command, log = start(tmp_path, "import sys; print(sys.stdin.read()); sys.exit(3)")
    with Group(command, log, {}, b"hello") as group:
        assert group.wait(30)
        assert group.returncode == 3
    assert log.read_text().strip() == "hello"


def test_leaving_ends_the_deaf_and_their_children(tmp_path: Path) -> None:
    command, log = start(tmp_path, STUBBORN)
    with Group(command, log, {}, grace=0.5) as group:
        assert settled(group.number, 2)
        assert not group.wait(0.1)
    assert members(group.number) == []


def test_a_child_that_outlives_its_parent_is_ended_too(tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.Popen(['sleep', '60'])"
    command, log = start(tmp_path, program)
    with Group(command, log, dict(os.environ)) as group:
        assert group.wait(30)
        assert len(members(group.number)) == 1
    assert members(group.number) == []


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_our_own_death_leaves_nothing(tmp_path: Path, blow: signal.Signals) -> None:
    command, log = start(tmp_path, STUBBORN)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, command[1], str(log)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert owner.stdout is not None
    with owner.stdout:
        number = int(owner.stdout.readline())
        assert settled(number, 2)
        owner.send_signal(blow)
        owner.wait()
    assert settled(number, 0)


def test_waiting_can_end_before_the_command_does(tmp_path: Path) -> None:
    command, log = start(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    with Group(command, log, {}) as group:
        assert group.wait(30, until=lambda: "up" in log.read_text())
        assert group.returncode is None


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be started: No such file"):
        Group([tmp_path / "nowhere"], tmp_path / "log", {})
