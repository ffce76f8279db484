from pathlib import Path

import pytest

from tests.conftest import GOOD, Drafts, Judge, judge_one
from tests.mutate import Draft

IGNORE = "quantization_config.ignore"
GROUPS = "quantization_config.config_groups"
LAYERS = "model.language_model.layers"


def test_fires_on_a_pattern_for_the_stored_prefix(mixed: Draft, findings: Judge) -> None:
    pattern = r"re:^model\.language_model\.layers\..*(mlp\.(gate|up)_proj|self_attn\.o_proj)$"
    broken = mixed.config(f"{GROUPS}.group_1.targets", [pattern])
    modules = [f"{LAYERS}.{i}.mlp.gate_proj" for i in range(4)] + [f"{LAYERS}.3.self_attn.o_proj"]
    assert sorted(findings("Q110", broken)) == [f"error {name}" for name in modules]


def test_fires_with_both_answers(mixed: Draft) -> None:
    pattern = r"re:^model\.language_model\..*self_attn\.o_proj$"
    targets = mixed.read()["quantization_config"]["config_groups"]["group_1"]["targets"]
    broken = mixed.config(f"{GROUPS}.group_1.targets", [pattern, *targets[1:]])
    (found,), _ = judge_one("Q110", broken.path)
    assert f"compressed-tensors: group_1 by '{pattern}'" in found.message
    assert "vLLM: language_model.model.layers.3.self_attn.o_proj is not quantized" in found.message


def test_fires_on_an_ignore_that_hits_the_fused_name(draft: Drafts, findings: Judge) -> None:
    """Meant for a router: as a pattern without an end it drops gate_up_proj as a whole."""
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", "re:.*mlp.gate"])
    for layer in range(2):
        broken.unquantize(f"model.layers.{layer}.mlp.gate_proj")
    assert findings("Q110", broken) == [f"error model.layers.{i}.mlp.up_proj" for i in range(2)]


def test_fires_on_a_suffix_that_hits_the_fused_name(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", "re:.*v_proj$"])
    for layer in range(2):
        broken.unquantize(f"model.layers.{layer}.self_attn.v_proj")
    layers = [f"error model.layers.{i}.self_attn.q_proj" for i in range(2)]
    assert findings("Q110", broken) == layers


def test_fires_on_a_router_that_vllm_takes_for_a_linear(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-nvfp4").config(IGNORE, ["lm_head"])
    gates = [f"error model.layers.{i}.mlp.gate" for i in range(2)]
    assert findings("Q110", broken) == gates


def test_silent_where_only_the_first_expert_is_ignored(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-fp8").config(IGNORE, ["lm_head", r"re:.*gate$", r"re:.*experts\.0\."])
    assert findings("Q110", broken) == [], "it is Q104's while it is stored quantized"
    for layer in range(2):
        for name in ("gate", "up", "down"):
            broken.unquantize(f"model.layers.{layer}.mlp.experts.0.{name}_proj")
    assert findings("Q110", broken) == [], "and T111's afterwards"
    assert findings("T111", broken) == [f"error model.layers.{i}.mlp.experts" for i in range(2)]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_silent_on_what_llm_compressor_wrote(path: Path, draft: Drafts, findings: Judge) -> None:
    name = "demo" if path.name == "checkpoint" else path.name
    assert findings("Q110", draft(name)) == []


def test_silent_where_the_tensors_contradict_the_declaration(
    draft: Drafts, findings: Judge
) -> None:
    """A target that matches nothing is Q101's, and so is what it was for."""
    broken = draft("llama-nvfp4").config(f"{GROUPS}.group_0.targets", ["re:.*nothing$"])
    assert findings("Q110", broken) == []


@pytest.mark.parametrize(
    "targets",
    [
        [r"re:.*\.q_proj$", r"re:.*\.k_proj$", r"re:.*\.v_proj$", r"re:.*(o|gate|up|down)_proj$"],
        ["re:.*layers.*"],
        ["re:^model.layers"],
    ],
)
def test_silent_where_every_part_is_found(
    targets: list[str], draft: Drafts, findings: Judge
) -> None:
    assert findings("Q110", draft("llama-nvfp4").config(f"{GROUPS}.group_0.targets", targets)) == []


def test_silent_on_names_that_vllm_renames_as_it_renames_its_layers(
    mixed: Draft, findings: Judge
) -> None:
    names = [
        name.removesuffix(".weight_packed")
        for name in mixed.tensors()
        if name.endswith(".weight_packed")
    ]
    assert findings("Q110", mixed.config(f"{GROUPS}.group_1.targets", names)) == []


def test_silent_where_an_ignored_pattern_is_none(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-nvfp4").config("quantization_config.ignore", ["lm_head", ".*gate$"])
    assert findings("Q110", broken) == []  # Q108 says it
