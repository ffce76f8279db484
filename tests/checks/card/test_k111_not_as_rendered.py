import pytest

from release.card import render_card
from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint, open_checkpoint
from release.facts import Level
from release.manifest import Manifest
from release.report import Report
from release.verify import Request, verify
from tests.card.conftest import manifest
from tests.conftest import DEMO

MANIFEST = manifest(serve=[{"gpu": "RTX 5090", "args": ["--max-model-len", "2048"]}])


@pytest.fixture(scope="module")
def told() -> tuple[Report, Checkpoint, str]:
    """The demo's report, itself, and its card."""
    report, demo = verify(Request(DEMO, Level.HEADERS)), open_checkpoint(DEMO)
    return report, demo, render_card(report, MANIFEST, demo).text


def judge(
    text: str, demo: Checkpoint, known: Manifest | None = None, report: Report | None = None
) -> list[str]:
    result = audit_card(Audit("README.md", text, demo, known, report))
    return [f"{f.where.line}: {f.message}" for f in result.findings if f.rule == "K111"]


def test_fires_on_the_line_that_was_changed(told: tuple[Report, Checkpoint, str]) -> None:
    report, demo, text = told
    assert text.count("1.48 MB (1.41 MiB)") == 1
    edited = text.replace("1.48 MB (1.41 MiB)", "1.38 MB (1.41 MiB)")
    [found] = judge(edited, demo, MANIFEST, report)
    assert len(audit_card(Audit("README.md", edited, demo, MANIFEST, report)).findings) == 1
    line = text[: text.index("1.48 MB (1.41 MiB)")].count("\n") + 1
    assert found.startswith(f"{line}: says ")
    assert "rendered now it is" in found


def test_fires_on_lines_added_and_taken_out(told: tuple[Report, Checkpoint, str]) -> None:
    report, demo, text = told
    added = text.replace("## Usage", "## Usage\n\nIt is the best.", 1)
    assert len(judge(added, demo, MANIFEST, report)) == 2
    assert judge(text.replace("## Usage\n", "", 1), demo, MANIFEST, report)


def test_fires_on_a_broken_seal_alone(told: tuple[Report, Checkpoint, str]) -> None:
    _, demo, text = told
    edited = text.replace("1.48 MB", "1.38 MB")
    assert judge(edited, demo) == ["None: was edited since it was rendered: its seal does not hold"]


def test_silent_on_a_card_as_it_was_rendered(told: tuple[Report, Checkpoint, str]) -> None:
    report, demo, text = told
    assert judge(text, demo, MANIFEST, report) == judge(text, demo) == []


def test_silent_on_a_card_that_is_not_ours(told: tuple[Report, Checkpoint, str]) -> None:
    report, demo, _ = told
    assert judge("# A card\n", demo, MANIFEST, report) == []


def test_silent_on_a_card_from_a_report_of_more_levels(
    told: tuple[Report, Checkpoint, str],
) -> None:
    headers, demo, _ = told
    text = render_card(verify(Request(DEMO, Level.BYTES)), MANIFEST, demo).text
    assert judge(text, demo, MANIFEST, headers) == []
    claimed = text.replace("bytes done", "bytes done, smoke done")
    assert judge(claimed, demo, MANIFEST, headers)
