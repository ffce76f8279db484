"""Known issues are on the card as long as they concern a version that it names."""

from typing import Any

import pytest

from release.card import render_card
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import manifest

ISSUE = {"title": "It stops", "text": "Restart it.", "as-of": "2026-11-20"}


def card(report: Report, demo: Checkpoint, **keys: Any) -> str:
    return render_card(report, manifest(**{"known-issues": [{**ISSUE, **keys}]}), demo).text


@pytest.mark.parametrize(
    ("keys", "shown"),  # the demo needs vLLM 0.19.1 and transformers 5.2.0
    [
        ({}, True),
        ({"affected": ">=0.17,<0.19"}, False),
        ({"affected": ">=0.17,<0.20"}, True),
        ({"affected": ">=0.25,<0.26"}, True),
        ({"affected": "==0.25.*"}, True),
        ({"affected": "==0.18.0"}, False),
        ({"affected": "~=0.24.0"}, True),
        ({"affected": ">0.18"}, True),
        ({"fixed": "0.19.0"}, False),
        ({"fixed": "0.19.1"}, False),
        ({"fixed": "0.20.0"}, True),
        ({"affected": ">=0.24", "fixed": "0.23.0"}, False),
        ({"engine": "transformers", "fixed": "5.1.0"}, False),
        ({"engine": "transformers", "fixed": "5.3.0"}, True),
        ({"engine": "sglang", "fixed": "0.1"}, True),
    ],
)
def test_an_issue_is_shown_while_it_concerns_a_version(
    demo_report: Report, demo: Checkpoint, keys: dict[str, Any], shown: bool
) -> None:
    text = card(demo_report, demo, **keys)
    assert ("**It stops**" in text) == ("## Known issues" in text) == shown


def test_an_issue_says_when_it_was_looked_at(demo_report: Report, demo: Checkpoint) -> None:
    text = card(demo_report, demo, fixed="0.20.0", link="https://example.com/1")
    line = "- **It stops** (vllm, fixed in 0.20.0), as of 2026-11-20: Restart it."
    assert f"{line} ([details](https://example.com/1))" in text


@pytest.mark.parametrize("keys", [{"affected": "older"}, {"fixed": "soon"}, {"as-of": "May"}])
def test_versions_and_dates_must_be_some(keys: dict[str, Any]) -> None:
    with pytest.raises(ReleaseError, match=r"known-issues\[0\]"):
        manifest(**{"known-issues": [{**ISSUE, **keys}]})
