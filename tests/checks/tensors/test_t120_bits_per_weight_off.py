from pathlib import Path

import pytest

from tests.conftest import CHECKPOINTS, judge_one
from tests.mutate import Draft


def judge(source: str, name: str, tmp_path: Path) -> list[str]:
    draft = Draft(CHECKPOINTS / source, tmp_path / name)
    found, skipped = judge_one("T120", draft.path)
    assert not skipped
    return [f"{finding.severity} {finding.message}" for finding in found]


@pytest.mark.parametrize("name", ["Llama-NVFP4", "llama-w4a16", "tiny_INT4", "x-4bit"])
def test_fires_on_eight_bits_under_a_name_of_four(name: str, tmp_path: Path) -> None:
    found = judge("llama-fp8-dynamic", name, tmp_path)
    assert found == [
        f"warning {name} has 0% of its linear weights in 4 bits or fewer; the mean is 8.0 bits"
    ]


@pytest.mark.parametrize("name", ["Qwen3-FP8", "Qwen3-NVFP4-FP8"])
def test_fires_on_floats_under_a_name_of_eight(name: str, tmp_path: Path) -> None:
    assert len(judge("qwen3-kv-only", name, tmp_path)) == 1


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("llama-nvfp4", "Llama-NVFP4"),
        ("llama-fp8-dynamic", "Llama-NVFP4-FP8"),
        ("llama-fp8-dynamic", "Llama-3.1-8B-FP8"),
        ("llama-w4a16", "Llama-8bit"),
        ("llama-fp8-dynamic", "Llama-14B"),
        ("llama-fp8-dynamic", "Sfp4x"),
        ("qwen3_5-mixed-sharded", "Qwen3.5-FP8-NVFP4"),
        ("qwen3_moe-nvfp4", "Qwen3-30B-A3B-NVFP4"),
    ],
)
def test_silent_on_a_name_that_holds(source: str, name: str, tmp_path: Path) -> None:
    assert judge(source, name, tmp_path) == []
