"""Known issues are on the card as long as they concern a version that it names."""

from typing import Any

import pytest
from msgspec.structs import replace

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
        ({"engine": "vLLM", "fixed": "0.19.0"}, False),
        ({"engine": "vLLM", "fixed": "0.20.0"}, True),
        ({"engine": "Transformers", "affected": "<5.2"}, False),
        ({"engine": "sglang", "fixed": "0.1"}, True),
    ],
)
def test_an_issue_is_shown_while_it_concerns_a_version(
    demo_report: Report, demo: Checkpoint, keys: dict[str, Any], shown: bool
) -> None:
    text = card(demo_report, demo, **keys)
    assert ("**It stops**" in text) == ("## Known issues" in text) == shown


@pytest.mark.parametrize(
    ("engine", "versions", "shown"),
    [
        ("vLLM", "0.18", False),
        ("vLLM", "<0.19", False),
        ("vllm", "0.19", True),
        ("vllm", ">=0.25", True),
        ("vLLM", "nightly of May", True),
        ("vLLM", None, True),
        ("transformers", "4.57.1", False),
        ("SGLang", "0.1", True),
    ],
)
def test_an_engine_is_shown_while_it_can_serve_the_checkpoint(
    demo_report: Report, demo: Checkpoint, engine: str, versions: str | None, shown: bool
) -> None:
    entry = {"engine": engine, "works": True, "note": "noted", "as-of": "2026-11-20"}
    entry |= {"versions": versions} if versions else {}
    text = render_card(demo_report, manifest(engines=[entry]), demo).text
    assert ("yes, as of 2026-11-20 | noted |" in text) == shown


def test_an_issue_of_releases_that_refuse_it_again_is_not_shown(
    demo_report: Report, demo: Checkpoint
) -> None:
    minimum = {**demo_report.facts["minimum_vllm"], "before": "0.30.0"}
    older = replace(demo_report, facts={**demo_report.facts, "minimum_vllm": minimum})
    assert "## Known issues" not in card(older, demo, affected=">=0.30")
    assert "## Known issues" in card(older, demo, affected=">=0.29")


def test_an_issue_says_when_it_was_looked_at(demo_report: Report, demo: Checkpoint) -> None:
    text = card(demo_report, demo, fixed="0.20.0", link="https://example.com/1")
    line = "- **It stops** (vllm, fixed in 0.20.0), as of 2026-11-20: Restart it."
    assert f"{line} ([details](https://example.com/1))" in text


@pytest.mark.parametrize("keys", [{"affected": "older"}, {"fixed": "soon"}, {"as-of": "May"}])
def test_versions_and_dates_must_be_some(keys: dict[str, Any]) -> None:
    with pytest.raises(ReleaseError, match=r"known-issues\[0\]"):
        manifest(**{"known-issues": [{**ISSUE, **keys}]})
