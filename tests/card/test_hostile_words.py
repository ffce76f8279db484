"""Plain sentences, odd figures and long lines on a card: an answer each, and soon."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from release.card.evaluation import read_run
from release.errors import ReleaseError
from release.manifest.pages import breaks_out
from tests.conftest import DEMO, Run

SENTENCES = [
    "It fits in 24 Gb of VRAM.",
    "At 25 Gb, the model fits, from 54.7 Gb to 25.2 Gb: 4 shards, 25 GB, 26 Gb.",
    "The page on the Hub shows 27b parameters. The Hub page shows 12K downloads.",
    "Uploads go at 12 GB/s. There are 100 tensors on each of 8 ranks.",
    "An earlier upload had the MLP in INT8.",
    ", " * 15_000 + "25 GB",
]


def test_no_sentence_ends_an_audit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "work" / "README.md").write_text("# A model\n\n" + "\n\n".join(SENTENCES) + "\n")
    done = run("card", "--check", "README.md", DEMO)
    assert done.returncode in {0, 1}, done.stderr
    assert "downloads" not in done.stdout
    assert "ranks" not in done.stdout


@pytest.mark.parametrize(
    ("metric", "higher"),
    [
        ("answer_accuracy", True),
        ("glossary_f1", True),
        ("power", True),
        ("word_perplexity", False),
        ("loss", False),
        ("bits_per_byte", False),
        ("wer", False),
    ],
)
def test_what_is_better_lower_is_told_by_words(metric: str, higher: bool, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"results": {"task": {f"{metric},none": 0.5}}}))
    (score,) = read_run(tmp_path, file.name).scores.values()
    assert score.higher is higher


def test_a_figure_of_hundreds_of_digits_is_none(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"results": {"task": {"acc,none": 1' + "0" * 400 + "}}}")
    with suppress(ReleaseError):
        assert not read_run(tmp_path, file.name).scores


@pytest.mark.parametrize(
    "text",
    ["### Heading\n---", "- item\n---", "> quote\n---", "```\nx\n```\n---", "Text\n\n---\n\nmore"],
)
def test_a_thematic_break_is_no_heading(text: str) -> None:
    assert breaks_out(text) is None


@pytest.mark.parametrize("text", ["Text\n-", "Text\n=", "<?x", "<![CDATA[ x", "<!DOCTYPE x"])
def test_what_ends_nowhere_is_told(text: str) -> None:
    assert breaks_out(text)
