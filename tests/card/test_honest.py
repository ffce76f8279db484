"""Cards as different people write them, all of them true of the 27B: none is accused."""

from pathlib import Path

import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint
from tests.checks.card.conftest import folder, large
from tests.conftest import ROOT

__all__ = ["folder", "large"]

CARDS = sorted((ROOT / "tests" / "card" / "honest").glob("*.md"))


def test_there_are_ten() -> None:
    assert len(CARDS) >= 10


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_it_is_not_accused(card: Path, large: Checkpoint) -> None:
    text = card.read_text(encoding="utf-8")
    report = audit_card(Audit("README.md", text, large))
    assert [f"{f.rule} {f.where.line} {f.message}" for f in report.findings] == []
    assert report.exit_code(strict=True) == 0
