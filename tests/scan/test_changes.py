"""A folder that something writes to meanwhile: one clear line, exit 2, and no report."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

SIZE = 3 << 29  # zeros that take no disk; half a second or more of reading
STARTED = 64 << 20
MOST_MEMORY = 300 << 10  # KiB

pytestmark = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts")


def status(process: subprocess.Popen[bytes], file: str, key: str) -> int:
    lines = Path(f"/proc/{process.pid}/{file}").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1])


def start(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    """Start to verify a large file, and wait until it is being read."""
    folder.mkdir()
    home.mkdir()
    (folder / "config.json").write_text("{}")
    with (folder / "weights.safetensors").open("wb") as stream:
        stream.truncate(SIZE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "release", "verify", str(folder)]
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while process.poll() is None and status(process, "io", "rchar") < STARTED:
        time.sleep(0.01)
    return process


def overwrite(place: Path) -> None:
    with place.open("r+b") as stream:
        stream.write(b"changed")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda place: os.truncate(place, 1 << 30), "was written to while it was"),
    "grown": (lambda place: os.truncate(place, SIZE + 8), "was written to while it was"),
    "overwritten": (overwrite, "was written to while it was verified"),
    "gone": (Path.unlink, "has gone since the checkpoint was opened"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_midway_is_one_line_and_exit_2(name: str, tmp_path: Path) -> None:
    change, line = CHANGES[name]
    process = start(tmp_path / "c", tmp_path / "home")
    change(tmp_path / "c" / "weights.safetensors")
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak(process))
        time.sleep(0.02)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (2, b"")
    (said,) = stderr.decode().splitlines()
    assert said.startswith(f"error: weights.safetensors: {line}")
    assert list((tmp_path / "home").iterdir()) == []
    assert 0 < peak < MOST_MEMORY


def _peak(process: subprocess.Popen[bytes]) -> int:
    try:
        return status(process, "status", "VmHWM")
    except (OSError, StopIteration):  # it has ended meanwhile
        return 0
