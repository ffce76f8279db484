"""Cards in the words of other people: what is true is not accused, each wrong word is found.

`«8→16»` is a place of the card with what is true there and what is not. The name of a file begins
with that of its checkpoint.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint, open_checkpoint
from tests.checks.card.conftest import folder, large
from tests.conftest import ROOT

__all__ = ["folder", "large"]

CARDS = sorted((ROOT / "tests" / "card" / "wordings").glob("*.md"))
EDIT = re.compile(r"«([^→»]*)→([^»]*)»")


def opened(card: Path, large: Checkpoint) -> Checkpoint:
    name = card.name.partition(".")[0]
    return large if name == "27B" else open_checkpoint(ROOT / "tests" / "checkpoints" / name)


def written(text: str, turn: int) -> tuple[str, set[int]]:
    """The card with the edit number `turn` of every line made, and the lines that have one."""
    made, lines = [], set()
    for number, line in enumerate(text.split("\n"), 1):
        edits = list(EDIT.finditer(line))
        chosen = iter([2 if place == turn else 1 for place in range(len(edits))])
        if turn < len(edits):
            lines.add(number)
        made.append(EDIT.sub(partial(_choose, chosen), line))
    return "\n".join(made), lines


def _choose(chosen: Iterator[int], edit: re.Match[str]) -> str:
    return edit[next(chosen)]


def found(text: str, checkpoint: Checkpoint) -> dict[int | None, str]:
    report = audit_card(Audit("README.md", text, checkpoint))
    return {each.where.line: f"{each.rule} {each.message}" for each in report.findings}


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_each_wrong_word_is_found_and_no_true_one(card: Path, large: Checkpoint) -> None:
    checkpoint, text = opened(card, large), card.read_text(encoding="utf-8")
    bare, _ = written(text, 1000)
    assert found(bare, checkpoint) == {}
    most = max(len(EDIT.findall(line)) for line in text.split("\n"))
    for turn in range(most):
        wrong, lines = written(text, turn)
        assert lines - found(wrong, checkpoint).keys() == set()


def test_there_are_many() -> None:
    assert sum(len(EDIT.findall(card.read_text(encoding="utf-8"))) for card in CARDS) > 250
