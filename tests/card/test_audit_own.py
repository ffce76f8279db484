"""Our own card: nothing is found on it, and every single edit of it is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.audit.page import read_page
from release.audit.published import Rendered
from release.card import render_card
from release.card.check import Audit, audit_card
from release.card.ledger import Card
from release.card.seal import MARK
from release.checkpoint import Checkpoint, open_checkpoint
from release.facts import Facts, Level
from release.manifest import Manifest, load_manifest, parse_manifest
from release.report import Report
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from release.verify import Request, verify
from tests.checks.card.conftest import folder, large
from tests.conftest import ROOT

__all__ = ["folder", "large"]

HOME = ROOT / "examples" / "reference"
Told = tuple[Card, Report, Manifest]


@pytest.fixture(scope="module")
def told(folder: Path, large: Checkpoint) -> Told:
    """The reference's card, its report and its release.toml."""
    manifest = load_manifest(HOME / "release.toml")
    report = verify(Request(folder, Level.HEADERS))
    return render_card(report, manifest, large, HOME), report, manifest


def edits(card: Card) -> Iterator[tuple[int, str]]:
    """Every figure with its last digit changed, every word of every command misspelt."""
    for place in card.places:
        digits = list(re.finditer(r"\d", card.text[place.start : place.end]))
        if digits:
            at = place.start + digits[-1].start()
            digit = str((int(card.text[at]) + 3) % 10)
            yield card.line(at), f"{card.text[:at]}{digit}{card.text[at + 1 :]}"
    for block in re.finditer(r"```bash\n(.*?)```", card.text, re.DOTALL):
        for word in re.finditer(r"[^\s\\]{2,}", block[1]):
            at = block.start(1) + word.end() - 1
            yield card.line(at), f"{card.text[:at]}{card.text[at + 1 :]}"


def test_nothing_is_found_on_it(told: Told, large: Checkpoint) -> None:
    card, report, manifest = told
    audit = Audit("README.md", card.text, large, manifest, report, HOME)
    found = audit_card(audit)
    assert found.findings == ()
    assert "K111" in found.checked


def test_every_edit_is_found_on_its_line(told: Told) -> None:
    card = told[0]
    rule = find_rule("K111").load()
    rendered = Rendered(sealed=False, text=card.text)
    tried = list(edits(card))
    assert len(tried) > 250
    for line, text in tried:
        given = {"page": read_page("README.md", text), "rendered": rendered}
        found = run_rules([rule], Facts(given, Level.CARD)).findings
        assert [finding.where.line for finding in found] == [line]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("27.36B parameters", "22.36B parameters", "K104"),
        ("25.18 GB (23.45 GiB)", "23.45 GB (23.45 GiB)", "K104"),
        ("| MLP | 11.41 GB", "| MLP | 14.41 GB", "K104"),
        ("| hidden_size | 5,120", "| hidden_size | 4,096", "K104"),
        ("vllm>=0.19.1", "vllm>=0.19.7", "K106"),
        ('"vllm>=0.19.1"', "vllm>=0.19.1", "K105"),
        ("--max-num-seqs 4 ", "--max-num-seqz 4 ", "K105"),
        ("--max-model-len 65536", "--max-model-len 262144", "K105"),
        ("license: apache-2.0", "license: apache-2", "K101"),
        ("base_model_relation: quantized", "base_model_relation: finetune", "K101"),
        ("7.33 requests of 262,144", "17.33 requests of 262,144", "K114"),
    ],
)
def test_without_its_seal_the_claims_speak(
    told: Told, large: Checkpoint, old: str, new: str, rule: str
) -> None:
    card, _, manifest = told
    assert old in card.text
    bare = card.text[: card.text.index(MARK)].replace(old, new, 1)
    report = audit_card(Audit("README.md", bare, large, manifest))
    codes = {finding.rule for finding in report.findings}
    assert rule in codes


# Biases in another dtype, sinks without a weight, block sizes of a rotation, listed layers.
@pytest.mark.parametrize(
    "name", ["deepseek_v3-nvfp4", "gpt_oss-mxfp4", "llama-w4a16-quip", "nemotron_h-nvfp4"]
)
def test_nothing_is_found_on_one_without_a_seal(name: str, tmp_path: Path) -> None:
    path = ROOT / "tests" / "checkpoints" / name
    checkpoint = open_checkpoint(path)
    given = {"repo": "acme/tiny", "license": "mit", "base": {"model": "acme/base"}}
    card = render_card(
        verify(Request(path, Level.HEADERS)), parse_manifest(given), checkpoint, tmp_path
    )
    bare = card.text[: card.text.index(MARK)]
    assert audit_card(Audit("README.md", bare, checkpoint)).findings == ()
