"""A checkpoint that llm-compressor wrote, against the base it wrote it from: nothing to say."""

from pathlib import Path

import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import BASES, CHECKPOINTS

OF_ANOTHER_BASE = {"llama-fp8-block", "llama-model-free-fp8"}  # llama-wide
PAIRS = [
    (path, base)
    for base in sorted(BASES.iterdir())
    for path in sorted(CHECKPOINTS.glob(f"{base.name}*"))
    if path.name == base.name or path.name.startswith(f"{base.name}-")
    if path.name not in OF_ANOTHER_BASE
]


@pytest.mark.parametrize(("path", "base"), PAIRS, ids=lambda path: path.name)
def test_a_good_pair_has_no_finding(path: Path, base: Path) -> None:
    report = verify(Request(path, Level.HEADERS, base=base, select=("B",)))
    assert report.findings == ()
    assert [entry for entry in report.not_checked if entry.required] == []
    assert report.levels["base"] == "done"
    assert len(report.facts["base"]["worst"]) <= 10


def test_there_are_pairs_of_every_method() -> None:
    names = {path.name for path, _base in PAIRS}
    assert {
        "llama-nvfp4",
        "llama-w4a16-gptq",
        "llama-w4a16-awq",
        "llama-w8a8-smoothquant",
        "llama-w4a16-spinquant",
        "qwen3_moe-nvfp4",
        "qwen3_5-mtp",
    } <= names
