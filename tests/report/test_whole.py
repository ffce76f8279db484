"""Files written whole or not at all, and never through a link."""

from pathlib import Path

import pytest

from release.whole import write_whole


def test_links_that_lie_in_wait_are_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    folder = tmp_path / ".release"
    folder.mkdir()
    for name in ("report.json", "report.json.partial"):
        (folder / name).symlink_to(victim)
    write_whole(folder / "report.json", b"{}")
    assert victim.read_text() == "kept"
    assert (folder / "report.json").read_bytes() == b"{}"
    assert not (folder / "report.json").is_symlink()


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "report.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
