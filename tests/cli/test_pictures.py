"""Pictures as files: what a name ends in is what is written."""

import struct
import sys
from pathlib import Path

import pytest

from tests.conftest import DEMO, Run


def test_a_png_is_twice_the_size_of_the_svg_and_has_words(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    png, svg = tmp_path / "weights.PNG", tmp_path / "weights.svg"
    for path in (png, svg):
        assert run("tables", DEMO, "--picture", path).returncode == 0
    data, text = png.read_bytes(), svg.read_text()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert f'width="{width // 2}" height="{height // 2}"' in text
    # Words are most of it: without any the file is a tenth of the size.
    assert len(data) > 20_000


def test_another_kind_of_picture_is_not_written(run: Run, tmp_path: Path) -> None:
    result = run("tables", DEMO, "--picture", tmp_path / "weights.jpg")
    assert result.returncode == 2
    assert "pictures are .svg or .png" in result.stderr
    assert not list(tmp_path.glob("weights*"))


def test_without_resvg_the_hint_says_what_to_install(run: Run, tmp_path: Path) -> None:
    (tmp_path / "resvg_py.py").write_text("raise ImportError\n")
    path = ":".join([str(tmp_path), *sys.path])
    result = run("tables", DEMO, "--picture", tmp_path / "weights.png", PYTHONPATH=path)
    assert result.returncode == 2
    assert "[png]" in " ".join(result.stderr.split())
