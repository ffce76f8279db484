"""examples/reference: the card of a 27B, and what docs/card-comparison.md says of it.

tests/test_docs.py holds the example itself to the code.
"""

import re

import pytest

from release.demo.hub.card import judge
from release.facts.model import STATED
from release.memory.command import parse_command
from tests.conftest import ROOT

CARD = (ROOT / "examples" / "reference" / "README.md").read_text(encoding="utf-8")
COMPARISON = (ROOT / "docs" / "card-comparison.md").read_text(encoding="utf-8")
SECTIONS = (
    *("Quantization strategy", "Weight breakdown", "Calibration", "Architecture"),
    *("KV cache budget", "Hardware requirements", "Usage", "Compatibility", "Evaluation"),
    *("Smoke test", "Known issues", "Intended use", "Limitations", "Source model"),
    *("Quantization details", "Provenance", "Citation", "Contact", "License"),
)


def test_the_comparison_quotes_the_card() -> None:
    rows = [line.split(" | ") for line in COMPARISON.splitlines() if line.startswith("| ")][2:]
    quotes = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row[2])]
    commands = {"release card --explain TEXT"}
    assert len(rows) > 25
    assert [quote for quote in quotes if quote not in CARD and quote not in commands] == []


def test_every_section_is_there() -> None:
    assert re.findall(r"^## (.+)$", CARD, re.MULTILINE) == list(SECTIONS)


def test_the_hub_takes_its_header() -> None:
    assert judge(CARD) == ([], [])


@pytest.mark.parametrize("setting", ["hidden_size", "vocab_size", "head_dim"])
def test_settings_are_those_of_the_config(setting: str) -> None:
    assert setting in STATED
    assert f"| {setting} | " in CARD


def test_every_command_is_one_that_fit_answers() -> None:
    commands = re.findall(r"```bash\n(vllm serve .*?)\n```", CARD, re.DOTALL)
    assert len(commands) == 4
    for text in commands:
        command = parse_command(text)
        assert command.model == "example/Qwen3.5-27B-Reasoning-Distilled-FP8-NVFP4"
        assert command.unmodelled == ()
        assert command.options.max_model_len
    assert CARD.count("it starts: ") == len(commands)


def test_the_weights_add_up() -> None:
    """As vLLM's own arithmetic over this config does: 25.18 GB, 147 MiB of state in FP32."""
    assert "**25.18 GB**" in CARD
    assert "| fp8 | 32.00 KiB | 146.81 MiB | 8.14 GiB |" in CARD
