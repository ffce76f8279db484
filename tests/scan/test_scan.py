"""Files: read once, hashed whole, on all cores; what goes wrong is one clear line."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from release.checkpoint import open_checkpoint
from release.checkpoint.header import TensorInfo
from release.errors import CheckpointError
from release.facts import Facts, Level
from release.scan import scan_file
from release.scan.layout import Reading, Segment, weight_reading
from release.scan.pool import Task, scan_files
from release.scan.values import Hole, Scan
from tests.conftest import DEMO, ROOT

MIB = 1 << 20


def reading(dtype: str, rows: int, columns: int) -> Reading:
    return weight_reading(TensorInfo(dtype, (rows, columns), "m", 0, rows * columns), None)


def noise(size: int) -> bytearray:
    words = np.random.default_rng(1).integers(1, 120, size, dtype=np.uint8)
    return bytearray(words.tobytes())


def bytes_read() -> int:
    """Bytes that this process has asked the kernel for."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts reads")
def test_every_byte_is_read_once(tmp_path: Path) -> None:
    raw = noise(9 * MIB)
    segments = tuple(
        Segment(f"t{i}", 100 + i * 2 * MIB, 100 + (i + 1) * 2 * MIB, reading("F8_E4M3", 2048, 1024))
        for i in range(4)
    )
    tasks = []
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(raw)
        tasks.append(Task(tmp_path / name, name, len(raw), segments))
    scan_files(tasks[:1], jobs=2)  # what is imported on the way is read before
    before = bytes_read()
    result = scan_files(tasks, jobs=2)
    extra = bytes_read() - before - 2 * len(raw)
    assert 0 <= extra < 4096  # the count itself is read as well
    assert {file.sha256 for file in result.values()} == {hashlib.sha256(raw).hexdigest()}
    assert [file.again for file in result.values()] == [0, 0]


def test_any_number_of_threads_gives_the_same(tmp_path: Path) -> None:
    raw = noise(5 * MIB)
    (tmp_path / "m").write_bytes(raw)
    segments = (Segment("a", 8, 8 + 4 * MIB, reading("F8_E4M3", 4096, 1024)),)
    one = scan_files([Task(tmp_path / "m", "m", len(raw), segments)], jobs=1)
    two = scan_files([Task(tmp_path / "m", "m", len(raw), segments)], jobs=2)
    assert one == two
    assert one["m"].tensors["a"].words == 4 * MIB


def test_progress_adds_up_to_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(noise(3 * MIB))
    seen: list[int] = []
    scan_files([Task(tmp_path / "m", "m", 3 * MIB)], seen.append)
    assert sum(seen) == 3 * MIB


def test_the_identity_is_that_of_sha256sum() -> None:
    facts = Facts({"checkpoint": open_checkpoint(DEMO)}, Level.BYTES)
    scan = facts.get("scan")
    assert isinstance(scan, Scan)
    for name, file in scan.files.items():
        assert file.sha256 == hashlib.sha256((DEMO / name).read_bytes()).hexdigest()


def test_a_hole_is_measured(tmp_path: Path) -> None:
    raw = noise(4 * MIB)
    raw[MIB + 4096 : MIB + 4096 + 80_000] = bytes(80_000)
    (tmp_path / "m").write_bytes(raw)
    segment = Segment("a", 96, 96 + 3 * MIB, reading("F8_E4M3", 3072, 1024))
    scan = scan_file(tmp_path / "m", "m", [segment])
    assert scan.tensors["a"].hole == Hole(MIB + 4000, 80_000, 0, torn=True)
    assert scan.again > 0


def test_rows_of_zeros_are_no_torn_hole(tmp_path: Path) -> None:
    raw = noise(4 * MIB)
    raw[96 + 512 * 1024 : 96 + 612 * 1024] = bytes(100 * 1024)
    (tmp_path / "m").write_bytes(raw)
    segment = Segment("a", 96, 96 + 3 * MIB, reading("F8_E4M3", 3072, 1024))
    hole = scan_file(tmp_path / "m", "m", [segment]).tensors["a"].hole
    assert hole is not None
    assert not hole.torn


@pytest.mark.parametrize("size", [16, 100, 3 * MIB])
def test_a_constant_tensor(tmp_path: Path, size: int) -> None:
    raw = bytearray(b"\x31" * size)
    for change, constant in ((None, True), (size - 3, False)):
        if change is not None:
            raw[change] = 0x32
        (tmp_path / "m").write_bytes(raw)
        scan = scan_file(tmp_path / "m", "m", [Segment("a", 0, size, reading("I8", 1, size))])
        assert scan.tensors["a"].constant is constant


def test_a_file_that_ends_too_early_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(bytes(500))
    segment = Segment("a", 100, 900, reading("BF16", 1, 400))
    with pytest.raises(CheckpointError, match="ends at byte 500, inside 'a'"):
        scan_file(tmp_path / "m", "m", [segment])


def test_a_file_that_is_gone_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        scan_files([Task(tmp_path / "gone", "gone", 5), Task(DEMO / "config.json", "c", 1)])


def test_a_file_that_grew_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(bytes(500))
    with pytest.raises(CheckpointError, match="changed while it was read: 400 bytes before"):
        scan_files([Task(tmp_path / "m", "m", 400)])


def test_interrupted_it_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    folder, home = tmp_path / "c", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "config.json").write_text("{}")
    with (folder / "model.safetensors").open("wb") as stream:
        stream.truncate(400 << 30)  # hours of zeros that take no disk
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "release", "verify", str(folder)]
    process = subprocess.Popen(command, cwd=home, env=environment, stderr=subprocess.PIPE)
    io = Path(f"/proc/{process.pid}/io")
    while process.poll() is None and _rchar(io) < 200 * MIB:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr.decode().strip()) == (130, "error: interrupted")
    assert list(home.iterdir()) == []


def _rchar(io: Path) -> int:
    return int(io.read_text().split()[1])
