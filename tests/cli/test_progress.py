"""Progress: on a terminal only, on stderr only, and gone at the end."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LONG, SHORT = 900 << 20, 4 << 20


def checkpoint(folder: Path, size: int) -> Path:
    """A file of zeros that takes no disk."""
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with (folder / "model.safetensors").open("wb") as stream:
        stream.truncate(size)
    return folder


def on_a_terminal(command: list[str], home: Path) -> tuple[str, str]:
    """Run with a terminal as stderr; what went to stdout and stderr."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end has closed it
                break
            if not part:
                break
            seen += part
        stdout = process.stdout.read() if process.stdout else b""
    os.close(ours)
    return stdout.decode(), seen.decode()


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [False, True])
def test_bytes_and_rate_are_shown_on_stderr(tmp_path: Path, quiet: bool) -> None:
    path = checkpoint(tmp_path / "c", LONG)
    command = [sys.executable, "-m", "release", "verify", str(path), *(["-q"] if quiet else [])]
    stdout, stderr = on_a_terminal(command, tmp_path)
    assert "MB/s" not in stdout
    shown = "reading" in stderr and "B/s" in stderr and "943.7 MB" in stderr  # 900 MiB
    assert shown is not quiet


def test_a_short_read_draws_nothing(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "c", SHORT)
    _, stderr = on_a_terminal([sys.executable, "-m", "release", "verify", str(path)], tmp_path)
    assert "reading" not in stderr
