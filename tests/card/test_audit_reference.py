"""Faults that a good card written by hand had, each told in our words: all of them are found."""

import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint
from tests.checks.card.conftest import folder, large

__all__ = ["folder", "large"]

SERVE = "vllm serve maker/27B-NVFP4 --reasoning-parser qwen3 --max-model-len"

# Rule -> what the card said, by line.
FAULTS = {
    "K101 no header for the Hub": "# 27B-NVFP4",
    "K114 requests with BF16 cache": "RTX PRO 6000 (96 GB): 8 concurrent requests at 262K context",
    "K105 requirement not quoted": "pip install vllm>=0.17.0",
    "K106 a vLLM that cannot read it": "Works with vLLM >= 0.17.0.",
    "K108 native on old GPUs": "A100 and H100 work out of the box, with FP4 acceleration.",
    "K105 fork": "pip install git+https://github.com/someone/vllm.git@their-fix",
    "K105 edits what is installed": "sed -i 's/>= 9/== 9/' utils.py",
    "K106 never released": "Quantized with llm-compressor v0.10.1.",
    "K112 frozen state": "| vllm-project/vllm#36599 | Open |",
    "K108 remote code": 'Model.from_pretrained("maker/27B-NVFP4", trust_remote_code=True)',
    "K104 the page's count": "Model size 22B params",
}
COMMANDS = f"""
RTX PRO 6000:

{SERVE} 262144

RTX 5090 setup:

{SERVE} 131072 \\
--gpu-memory-utilization 0.85 --enforce-eager

RTX 5090 / other Blackwell (32 GB):

{SERVE} 131072 \\
--gpu-memory-utilization 0.85

| GPU | Context (FP8 KV) |
| --- | --- |
| RTX 5090 (32 GB) | ~225K tokens |
"""


@pytest.fixture(scope="module")
def found(large: Checkpoint) -> list[tuple[str, str]]:
    """The rules that fire, with the line that each names."""
    text = "\n\n".join([*FAULTS.values(), COMMANDS])
    lines = text.splitlines()
    report = audit_card(Audit("README.md", text, large))
    return [(finding.rule, lines[(finding.where.line or 1) - 1]) for finding in report.findings]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_is_found_where_it_stands(fault: str, found: list[tuple[str, str]]) -> None:
    assert (fault[:4], FAULTS[fault]) in found


def test_commands_that_cannot_start_and_contradict(found: list[tuple[str, str]]) -> None:
    wrong = [rule for rule, line in found if line.startswith(SERVE)]
    assert wrong.count("K105") == 2  # neither starts on a 5090
    assert wrong.count("K113") == 1
    assert ("K114", "| RTX 5090 (32 GB) | ~225K tokens |") in found


def test_and_nothing_else(found: list[tuple[str, str]]) -> None:
    # A100 and H100 are told apart, and the requirement without quotes is too old as well.
    assert len(found) == len(FAULTS) + 4 + 2
