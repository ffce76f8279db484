"""Texts and values of release.toml that a card could not hold: each is one line, before it."""

from typing import Any

import pytest

from release.errors import ReleaseError
from release.manifest import parse_manifest
from release.manifest.pages import breaks_out
from tests.card.conftest import manifest


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Run it:\n```bash\nvllm serve x", "does not close it"),
        ("~~~~\ncode\n~~~\nmore", "does not close it"),
        ("Good. <!-- a note", "opens a comment"),
        ("<details><summary>More</summary>\n\ntext", "opens <details>"),
        ("text</details>", "closes </details>"),
        ("<script>alert(1)</script>", "<script>"),
        ("Chat.\n\n## Evaluation\n\n| gsm8k | 99.9 |", "heading"),
        ("Title\n=====\ntext", "heading"),
        ("Title\n---", "heading"),
    ],
)
def test_a_text_ends_where_it_ends(text: str, what: str) -> None:
    found = breaks_out(text)
    assert found is not None
    assert what in found
    with pytest.raises(ReleaseError, match="limitations"):
        manifest(limitations=text)


@pytest.mark.parametrize(
    "text",
    [
        "Run it:\n\n```bash\nvllm serve x  # <!-- ## no\n```\n\nThen **ask**.",
        "```` \n```\n````",
        "### Deeper\n\ntext\n\n---\n\nmore",
        "a < b, c > d, x<y and `<details>` with ``<!--`` in code",
        "<details><summary>More</summary>\n\n<b>text</b><br>\n</details><!-- note -->",
        "#1 of all, C# and #hashtag",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        '<img src="weights.svg"> <br/> <p align="center">x',
    ],
)
def test_markup_that_is_closed_is_left_alone(text: str) -> None:
    assert breaks_out(text) is None
    assert manifest(limitations=text).limitations == text


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"base": {"model": "acme/tiny-NVFP4"}}, "base.model is the repository itself"),
        ({"calibration": {"text": "x", "samples": -5}}, "calibration.samples is -5"),
        (
            {"calibration": {"text": "x", "mean-sequence-length": 9, "max-sequence-length": 1}},
            "a mean sequence length of 9",
        ),
        ({"calibration": {"text": "x", "dataset-sha256": "beef"}}, "dataset-sha256"),
        ({"ancestors": [{"model": "a/b](http://evil)", "how": "x"}]}, "ancestors[0].model"),
        (
            {"ancestors": [{"model": "a/b", "how": "x", "datasets": ["javascript:alert(1)"]}]},
            "ancestors[0].datasets",
        ),
    ],
)
def test_values_that_cannot_be_are_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ReleaseError) as refused:
        manifest(**changes)
    assert what in str(refused.value)
    assert "\n" not in str(refused.value)


def test_those_that_can_are_taken() -> None:
    given = {
        "repo": "acme/tiny-NVFP4",
        "license": "mit",
        "base": {"model": "acme/tiny"},
        "ancestors": [{"model": "a/b", "how": "tuned", "datasets": ["gsm8k", "a/b.c-d"]}],
        "calibration": {"text": "x", "samples": 1, "dataset-sha256": "0a" * 32},
    }
    assert parse_manifest(given).calibration is not None
