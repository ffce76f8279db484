from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

GROUPS = "quantization_config.config_groups"


def split(draft: Draft, *targets: str, **changes: Any) -> Draft:
    """Let a second group, changed from the first, claim some modules as well."""
    group = draft.read()["quantization_config"]["config_groups"]["group_0"]
    other = {**group, "targets": list(targets), "weights": {**group["weights"], **changes}}
    return draft.config(f"{GROUPS}.group_1", other)


def test_fires_on_each_layer_whose_key_projection_has_another_group(
    draft: Drafts, findings: Judge
) -> None:
    broken = split(draft("llama-w4a16"), r"re:.*\.k_proj$", num_bits=8)
    names = [f"error model.layers.{i}.self_attn.k_proj" for i in range(2)]
    assert findings("T110", broken) == names


def test_fires_on_other_activations(draft: Drafts, findings: Judge) -> None:
    broken = split(draft("llama-fp8-dynamic"), r"re:.*\.up_proj$")
    broken.config(f"{GROUPS}.group_1.input_activations", None)
    assert len(findings("T110", broken)) == 2


def test_fires_on_a_part_that_no_group_claims(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic")
    targets = [r"re:.*\.(q|k)_proj$", r"re:.*layers\.1.*v_proj$", r"re:.*\.(o|gate|up|down)_proj$"]
    broken.config(f"{GROUPS}.group_0.targets", targets)
    value = "model.layers.0.self_attn.v_proj"
    broken.drop(f"{value}.weight_scale")
    broken.retype(f"{value}.weight", "BF16", broken.shape(f"{value}.weight"))
    assert findings("T110", broken) == [f"error {value}"]


def test_fires_on_the_projections_of_linear_attention(mixed: Draft, findings: Judge) -> None:
    targets = mixed.read()["quantization_config"]["config_groups"]["group_1"]["targets"]
    broken = mixed.config(f"{GROUPS}.group_1.targets", [*targets, r"re:.*\.in_proj_z$"])
    found = findings("T110", broken)
    assert found
    assert all(line.endswith("linear_attn.in_proj_z") for line in found)


def test_silent_on_two_groups_that_say_the_same(draft: Drafts, findings: Judge) -> None:
    assert findings("T110", split(draft("llama-fp8-dynamic"), r"re:.*\.k_proj$")) == []


def test_silent_on_parts_that_are_not_fused(draft: Drafts, findings: Judge) -> None:
    kept = split(draft("llama-w4a16"), r"re:.*\.(o_proj|down_proj)$", num_bits=8)
    assert findings("T110", kept) == []


def test_silent_on_a_part_that_is_ignored(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config("quantization_config.ignore", ["lm_head", "re:.*k_proj$"])
    assert findings("T110", kept) == []  # Q105 says it


@pytest.mark.parametrize("name", ["qwen3_moe-nvfp4", "qwen2-bias-int8", "qwen3_5-mtp"])
def test_silent_on_other_architectures(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T110", draft(name)) == []


def test_silent_on_a_part_that_is_quantized_and_unclaimed(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(f"{GROUPS}.group_0.targets", [r"re:.*q_proj$"])
    assert findings("T110", kept) == []  # T104 says it
