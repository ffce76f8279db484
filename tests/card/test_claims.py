"""Single claims in the words of publishers: one that is wrong is found, a true one is left alone.

A line of a file is a claim, with `\\n` for a new line; its name begins with that of a checkpoint.
"""

from pathlib import Path

import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from tests.conftest import ROOT

FILES = ROOT / "tests" / "card" / "claims"
HEADER = """---
license: mit
base_model: acme/tiny
base_model_relation: quantized
---
# A model

"""


def claims(kind: str) -> list[tuple[str, str]]:
    return [
        (path.name.partition(".")[0], claim)
        for path in sorted(FILES.glob(f"*.{kind}.txt"))
        for claim in path.read_text(encoding="utf-8").splitlines()
    ]


def found(claim: str, name: str) -> list[str]:
    checkpoint = open_checkpoint(Path(ROOT / "tests" / "checkpoints" / name))
    text = HEADER + claim.replace("\\n", "\n") + "\n"
    findings = audit_card(Audit("README.md", text, checkpoint)).findings
    first = HEADER.count("\n")
    return [f"{f.rule} {f.message}" for f in findings if (f.where.line or 0) > first]


@pytest.mark.parametrize(("name", "claim"), claims("true"))
def test_a_true_claim_is_left_alone(name: str, claim: str) -> None:
    assert found(claim, name) == []


@pytest.mark.parametrize(("name", "claim"), claims("wrong"))
def test_a_wrong_claim_is_found(name: str, claim: str) -> None:
    assert found(claim, name) != []


def test_there_are_many_of_both() -> None:
    assert min(len(claims("true")), len(claims("wrong"))) > 100
