from typing import Any

import pytest

from tests.conftest import GOOD, Drafts, Judge
from tests.mutate import Draft

GROUP = "quantization_config.config_groups.group_0"
CACHE = "quantization_config.kv_cache_scheme"
FP8_TOKEN = {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": True}


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("llama-nvfp4", "input_activations", FP8_TOKEN),
        ("qwen3_moe-fp8", "input_activations", None),
    ],
)
def test_fires_where_no_kernel_takes_the_arguments(
    name: str, part: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    assert f"error config.json: {GROUP}" in findings(
        "Q115", draft(name).config(f"{GROUP}.{part}", value)
    )


def test_silent_where_the_declaration_is_what_is_wrong(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(f"{GROUP}.weights.symmetric", False)
    assert findings("Q115", broken) == []  # T101: no zero point is stored


def test_fires_on_experts_that_get_another_answer_than_linears(
    draft: Drafts, findings: Judge
) -> None:
    """FP8 weights alone: Linears have W8A16Fp8, experts have nothing."""
    broken = draft("qwen3_moe-fp8").config(f"{GROUP}.input_activations", None)
    assert findings("Q115", broken) == [f"error config.json: {GROUP}"]
    kept = draft("llama-fp8-dynamic").config(f"{GROUP}.input_activations", None)
    assert findings("Q115", kept) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("num_bits", 4), ("type", "int"), ("strategy", "channel"), ("symmetric", False)],
)
def test_fires_on_a_cache_scheme(key: str, value: Any, draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv").config(f"{CACHE}.{key}", value)
    assert findings("Q115", broken) == [f"error config.json: {CACHE}"]


def test_fires_on_a_group_given_by_the_name_of_a_preset(draft: Drafts, findings: Judge) -> None:
    path = "quantization_config.config_groups"
    broken = draft("llama-nvfp4").config(path, {"NVFP4": ["Linear"]})
    assert findings("Q115", broken) == [f"error config.json: {path}.NVFP4"]


def test_fires_as_warning_on_a_group_without_weights(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv")
    group = {"targets": ["re:.*self_attn$"], "weights": None, "input_activations": None}
    broken.config("quantization_config.config_groups.group_1", group)
    assert findings("Q115", broken) == ["warning config.json: " + GROUP.replace("0", "1")]
    group["targets"] = ["Qwen3Attention"]
    broken.config("quantization_config.config_groups.group_1", group)
    assert findings("Q115", broken) == []


def test_fires_as_warning_on_other_blocks(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-block").config(f"{GROUP}.weights.block_structure", [64, 64])
    assert findings("Q115", broken) == [], "the tensors have others, which is T105's"
    for layer in range(2):
        for name in ("gate", "up", "down"):
            module = f"model.layers.{layer}.mlp.{name}_proj"
            rows, columns = broken.shape(f"{module}.weight")
            shape = [-(-rows // 64), -(-columns // 64)]
            broken.retype(f"{module}.weight_scale", "BF16", shape)
    place = f"{GROUP}.weights.block_structure"
    assert findings("Q115", broken) == [f"warning config.json: {place}"]


def test_fires_as_info_on_a_preset_without_a_kernel(draft: Drafts, findings: Judge) -> None:
    """W4AFP8 as llm-compressor writes it: only GPUs of capability 9.0 have one."""
    kept = draft("llama-w4a16").config(f"{GROUP}.input_activations", FP8_TOKEN)
    assert findings("Q115", kept) == [f"info config.json: {GROUP}"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_silent_on_what_llm_compressor_wrote(path: Any, draft: Drafts, findings: Judge) -> None:
    name = "demo" if path.name == "checkpoint" else path.name
    kept: Draft = draft(name)
    assert [found for found in findings("Q115", kept) if not found.startswith("info")] == []


def test_silent_on_arguments_that_q107_refuses(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(f"{GROUP}.weights.group_size", None)
    assert findings("Q115", kept) == []


def test_fires_once_on_fp4_that_is_not_symmetric(draft: Drafts, findings: Judge) -> None:
    group = "quantization_config.config_groups.group_0"
    broken = draft("llama-nvfp4").config(f"{group}.weights.symmetric", value=False)
    assert findings("Q115", broken) == [f"error config.json: {group}"]
    assert findings("T101", broken) == []
