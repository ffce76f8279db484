"""A real Ray cluster of two worker processes on this machine: the same report, also if one dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DEMO, ROOT, Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"),
]
pytest.importorskip("ray")
SIZE = 2 << 30  # zeros that take no disk; a second of reading


def report(home: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home / ".release" / "report.json").read_bytes())
    document.pop("timings")
    return document


def parents() -> dict[int, int]:
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = place.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found[int(text.split()[0])] = int(text.rpartition(")")[2].split()[1])
    return found


def workers(root: int) -> list[int]:
    """The processes below `root` that are at work on a task."""
    above = parents()

    def below(process: int) -> bool:
        while process in above and process != root:
            process = above[process]
        return process == root

    found = []
    for process in above:
        try:
            title = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::_scan") and below(process):
            found.append(process)
    return found


def test_the_report_is_the_same_byte_for_byte(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "work"
    assert run("verify", DEMO, cwd=home).returncode == 0
    here = report(home)
    (home / ".release" / "report.json").unlink()
    result = run("verify", DEMO, "--ray", "local", "-j", "2", cwd=home)
    assert result.returncode == 0, result.stderr
    assert report(home) == here


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    folder, home = tmp_path / "c", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "config.json").write_text("{}")
    for name in ("a", "b"):
        with (folder / f"{name}.safetensors").open("wb") as stream:
            stream.truncate(SIZE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "release", "verify", str(folder)]
    process = subprocess.Popen([*command, "--ray", "local", "-j", "2"], cwd=home, env=environment)
    while process.poll() is None and len(workers(process.pid)) < 2:
        time.sleep(0.05)
    victim = workers(process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    code = process.wait(timeout=600)
    assert victim not in parents()
    after = report(home)
    (home / ".release" / "report.json").unlink()
    assert subprocess.run(command, cwd=home, env=environment, check=False).returncode == code
    assert report(home) == after
    assert after["levels"]["bytes"] == "done"


def test_a_cluster_that_is_not_there_is_one_line(run: Run) -> None:
    result = run("verify", DEMO, "--ray", "127.0.0.1:1")
    assert result.returncode == 2
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("error")]
    assert "127.0.0.1:1: cannot be reached" in line
