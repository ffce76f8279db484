"""`release card --explain TEXT`: where a figure on the card comes from."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import DEMO, MANIFEST, Run


@pytest.fixture
def work(tmp_path: Path, run: Run) -> Path:
    work = tmp_path / "work"
    shutil.copytree(DEMO, work / "ckpt")
    (work / "release.toml").write_text(f'checkpoint = "ckpt"\n{MANIFEST}')
    assert run("verify").returncode == 0
    return work


@pytest.mark.usefixtures("work")
def test_a_figure_tells_where_it_comes_from(run: Run) -> None:
    told = run("card", "--explain", "1.41 MiB").stdout
    assert "  1.41 MiB\n    weights.total_bytes\n    exact, from safetensors headers" in told
    told = run("card", "--explain", "0123456789abcdef").stdout
    assert "manifest.base.revision\n    stated, from release.toml" in told
    told = run("card", "--explain", "bfloat16 |").stdout + run("card", "--explain", "512 B").stdout
    assert (
        "    table KV cache, Per token, bfloat16\n    exact, from formula over config.json" in told
    )
    assert "words of a template" in run("card", "--explain", "## Limitations").stdout


def test_it_writes_nothing_and_reads_no_weights(work: Path, run: Run) -> None:
    (work / "ckpt" / "README.md").write_text("mine")
    assert run("card", "--explain", "MiB").returncode == 0
    assert (work / "ckpt" / "README.md").read_text() == "mine"


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("text", ["27.36B", "", "\ue000"])
def test_what_is_not_on_the_card_is_one_line(run: Run, text: str) -> None:
    result = run("card", "--explain", text)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
