"""Over how many GPUs a model is split: its heads, its sides, its quantized blocks and groups."""

import json
from pathlib import Path
from typing import Any

import pytest

from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question, solve
from release.fit.subject import Subject, open_subject
from release.memory.gpus import find_gpu
from release.memory.options import Options
from tests.conftest import ROOT, Run

MODELS = ROOT / "tests" / "memory" / "configs"
DENSE, EXPERTS = "Qwen3-8B", "Qwen3-30B-A3B-FP8"
OWN_FP8 = {
    "quant_method": "fp8",
    "activation_scheme": "dynamic",
    "weight_block_size": [128, 128],
}
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm", "zero_point": True}


def compressed(scheme: str, form: str) -> dict[str, Any]:
    kept = ["lm_head", "re:.*gate$"]
    groups = {scheme: ["Linear"]}
    method = "compressed-tensors"
    return {"quant_method": method, "format": form, "config_groups": groups, "ignore": kept}


BLOCKS, GROUPS = compressed("FP8_BLOCK", "float-quantized"), compressed("W4A16", "pack-quantized")
FLOATS = compressed("NVFP4", "nvfp4-pack-quantized")


def subject(folder: Path, name: str, quantization: dict[str, Any] | None, **sizes: int) -> Subject:
    config = json.loads((MODELS / f"{name}.json").read_text())["config"] | sizes
    file = folder / "config.json"
    file.write_text(json.dumps(config | {"quantization_config": quantization}))
    return open_subject(file)


def ask(subject: Subject, ranks: int, vllm: str = "0.32.0", *, whole: bool = False) -> Fit:
    options = Options(
        tensor_parallel_size=ranks,
        enable_expert_parallel=whole or None,
        max_num_seqs=16,
        max_model_len=4096,
    )
    return solve(subject, Question(options, vllm, gpu=find_gpu("H200")))


@pytest.mark.parametrize(
    ("quantization", "ranks", "why"),
    [
        (OWN_FP8, 4, ""),
        (OWN_FP8, 8, "down_proj: 9,728 columns over 8 GPUs are 1,216 on each, no whole blocks of"),
        (BLOCKS, 4, ""),
        (BLOCKS, 8, "gate_proj: 9,728 rows over 8 GPUs are 1,216 on each, no whole blocks of 128"),
        (GROUPS, 4, ""),
        (GROUPS, 8, "down_proj: 9,728 columns over 8 GPUs are 1,216 on each, no whole groups of"),
        (AWQ, 8, "down_proj: 9,728 columns over 8 GPUs are 1,216 on each, no whole groups of 128"),
        (FLOATS, 8, ""),
        (None, 8, ""),
    ],
)
def test_blocks_and_groups_stay_whole(
    quantization: dict[str, Any] | None, ranks: int, why: str, tmp_path: Path
) -> None:
    # The sizes of Qwen3-4B, of which the FP8 release does not start with -tp 8.
    asked = subject(tmp_path, DENSE, quantization, hidden_size=2560, intermediate_size=9728)
    fit = ask(asked, ranks)
    assert fit.answer.starts is not bool(why)
    assert why in fit.answer.why
    if why:
        change = smallest_change(asked, fit)
        assert change is not None
        assert change.question.options.tensor_parallel_size == 4


@pytest.mark.parametrize(
    ("quantization", "ranks", "vllm", "starts"),
    [
        (OWN_FP8, 4, "0.28.0", False),
        (OWN_FP8, 4, "0.29.0", True),  # in blocks of 64
        (OWN_FP8, 2, "0.28.0", True),
        (BLOCKS, 4, "0.32.0", False),
        (GROUPS, 4, "0.32.0", False),
        (AWQ, 4, "0.32.0", True),  # in groups of 64
    ],
)
def test_experts_are_cut_as_their_method_can(
    quantization: dict[str, Any], ranks: int, vllm: str, starts: bool, tmp_path: Path
) -> None:
    asked = subject(tmp_path, EXPERTS, quantization)
    fit = ask(asked, ranks, vllm)
    assert fit.answer.starts is starts
    if not starts:
        assert ".mlp.experts.0." in fit.answer.why
        assert ask(asked, ranks, vllm, whole=True).answer.starts
        change = smallest_change(asked, fit)
        assert change is not None
        assert change.question.options.enable_expert_parallel is True
        assert change.question.options.tensor_parallel_size == ranks


def test_smaller_blocks_than_kernels_read_are_none(tmp_path: Path) -> None:
    asked = subject(tmp_path, EXPERTS, OWN_FP8, moe_intermediate_size=384)
    assert ask(asked, 4).answer.starts  # 96: in blocks of 32
    asked = subject(tmp_path, EXPERTS, OWN_FP8, moe_intermediate_size=448)
    assert ask(asked, 4).answer.starts is False  # 112: in blocks of 16


def test_blocks_that_end_within_a_merged_layer_are_refused_on_one_gpu(tmp_path: Path) -> None:
    sizes = {"num_attention_heads": 33, "head_dim": 64, "num_key_value_heads": 11}
    asked = subject(tmp_path, DENSE, BLOCKS, **sizes)
    assert "q_proj: 2,112 rows are no whole blocks of 128" in ask(asked, 1).answer.why
    assert ask(subject(tmp_path, DENSE, OWN_FP8, **sizes), 1).answer.starts


def test_heads_and_sides_and_the_vocabulary_are_split_evenly(tmp_path: Path) -> None:
    thirds = {"num_attention_heads": 24, "num_key_value_heads": 6}
    asked = subject(tmp_path, DENSE, None, **thirds)
    assert "151,936 rows of the padded vocabulary" in ask(asked, 3).answer.why
    asked = subject(tmp_path, DENSE, None, **thirds, vocab_size=192_000)
    assert ask(asked, 3).answer.starts
    asked = subject(tmp_path, DENSE, None, **thirds, vocab_size=192_000, intermediate_size=12_290)
    assert "gate_proj: 12,290 rows cannot be split over 3" in ask(asked, 3).answer.why


def test_tables_say_the_same(tmp_path: Path, run: Run) -> None:
    subject(tmp_path, DENSE, OWN_FP8, hidden_size=2560, intermediate_size=9728)
    done = run("tables", tmp_path, "-tp", "8")
    assert "1,216 on each, no whole blocks of 128" in " ".join(done.stdout.split())
