"""--reuse: files that look unchanged are not read again, the report says so, push does not care."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.errors import ReleaseError
from release.facts.scan import Scanning
from release.report import Report
from release.report.unchanged import recall_stamps, remember_stamps, require_unchanged
from release.verify import Request, verify
from tests.conftest import Drafts

SHARD = "model.safetensors"


def again(path: Path, place: Path) -> Report:
    return verify(Request(path, scanning=Scanning(reuse=place)))


def reused(report: Report) -> list[str]:
    entries = [entry.what for entry in report.not_checked if "--reuse" in entry.reason]
    return [what.removeprefix("the bytes of ") for what in entries]


def test_the_second_run_reads_nothing_and_says_so(draft: Drafts, tmp_path: Path) -> None:
    copy = draft("llama-nvfp4")
    first, second = (again(copy.path, tmp_path / "scans") for _ in range(2))
    assert reused(first) == []
    assert sorted(reused(second)) == sorted(file.path for file in first.checkpoint.files)
    assert second.checkpoint == first.checkpoint
    assert second.findings == first.findings
    assert second.facts == first.facts


def test_a_file_that_was_written_to_is_read(draft: Drafts, tmp_path: Path) -> None:
    copy = draft("llama-nvfp4")
    before = again(copy.path, tmp_path / "scans")
    copy.patch("lm_head.weight", b"\xff\x7f", 0)
    after = again(copy.path, tmp_path / "scans")
    assert SHARD not in reused(after)
    assert after.checkpoint.digest != before.checkpoint.digest
    assert "V101" in {finding.rule for finding in after.findings}


def test_values_are_read_again_when_they_mean_something_else(draft: Drafts, tmp_path: Path) -> None:
    copy = draft("llama-fp8-dynamic")
    again(copy.path, tmp_path / "scans")
    copy.unset("config.json", "quantization_config")
    assert SHARD not in reused(again(copy.path, tmp_path / "scans"))


@pytest.mark.parametrize("content", [b"", b"\x93\x01", b"{}"])
def test_what_cannot_be_read_is_not_used(content: bytes, draft: Drafts, tmp_path: Path) -> None:
    (tmp_path / "scans").write_bytes(content)
    assert reused(again(draft("llama-nvfp4").path, tmp_path / "scans")) == []


def test_push_notices_what_reuse_cannot(draft: Drafts, tmp_path: Path) -> None:
    copy = draft("llama-nvfp4")
    place = copy.path / SHARD
    copy.write(SHARD, place.read_bytes())  # a file of its own, no link to the fixture
    again(copy.path, tmp_path / "scans")
    state = place.stat()
    with place.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x33")
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    report = again(copy.path, tmp_path / "scans")
    assert SHARD in reused(report)
    with pytest.raises(ReleaseError, match="changed since the checkpoint was verified"):
        require_unchanged(report, open_checkpoint(copy.path))


def read_by(call: Callable[[], object]) -> int:
    """Count the bytes that this process reads from files meanwhile."""

    def total() -> int:
        line = Path("/proc/self/io").read_text().partition("\n")[0]
        return int(line.removeprefix("rchar: "))

    before = total()
    call()
    return total() - before


def test_what_looks_as_it_was_verified_is_not_read_again(
    draft: Drafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".release").mkdir()
    copy = draft("llama-nvfp4")
    place = copy.path / SHARD
    copy.write(SHARD, place.read_bytes())
    report, size = again(copy.path, tmp_path / "scans"), place.stat().st_size
    remember_stamps(report, copy.path)
    opened = open_checkpoint(copy.path)
    stamps = recall_stamps(report)
    assert set(stamps) == {file.path for file in report.checkpoint.files}
    assert read_by(lambda: require_unchanged(report, opened, stamps)) < size / 2
    assert read_by(lambda: require_unchanged(report, opened)) > size
    assert recall_stamps(again(draft("demo").path, tmp_path / "other")) == {}

    state = place.stat()
    with place.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x33")
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(ReleaseError, match="changed since the checkpoint was verified"):
        require_unchanged(report, open_checkpoint(copy.path), stamps)
