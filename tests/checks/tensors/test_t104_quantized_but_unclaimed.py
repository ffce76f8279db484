import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

GROUPS = "quantization_config.config_groups"


def test_fires_on_modules_that_a_lost_target_was_for(mixed: Draft, findings: Judge) -> None:
    targets = mixed.read()["quantization_config"]["config_groups"]["group_1"]["targets"]
    kept = [target for target in targets if "gate_proj" not in target]
    layers = [f"error model.language_model.layers.{i}.mlp.gate_proj" for i in range(4)]
    broken = mixed.config(f"{GROUPS}.group_1.targets", kept)
    assert sorted(findings("T104", broken)) == layers


@pytest.mark.parametrize("name", ["llama-nvfp4", "llama-fp8-block", "llama-w8a8-int8"])
def test_fires_on_every_module_of_a_group_without_weights(
    name: str, draft: Drafts, findings: Judge
) -> None:
    found = findings("T104", draft(name).config(f"{GROUPS}.group_0.weights", None))
    assert len(found) == 14  # two layers of q, k, v, o, gate, up, down


def test_fires_with_no_group_at_all(draft: Drafts, findings: Judge) -> None:
    assert len(findings("T104", draft("llama-fp8-dynamic").config(GROUPS, {}))) == 14


def test_silent_on_modules_that_ignore_names(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config("quantization_config.ignore", ["re:.*"])
    assert findings("T104", kept) == []  # Q104 says it


def test_silent_without_any_declaration(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").unset("config.json", "quantization_config")
    assert findings("T104", kept) == []  # Q112 says it


def test_silent_on_a_group_of_full_names(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4")
    names = {name.removesuffix(".weight_packed") for name in kept.tensors() if "packed" in name}
    assert findings("T104", kept.config(f"{GROUPS}.group_0.targets", sorted(names))) == []


def test_fires_as_warning_where_the_fused_name_is_matched(draft: Drafts, findings: Judge) -> None:
    targets = [r"re:.*(k|v|o|gate|up|down)_proj$"]  # q is forgotten; qkv_proj ends in v_proj
    broken = draft("llama-nvfp4").config(f"{GROUPS}.group_0.targets", targets)
    layers = [f"warning model.layers.{layer}.self_attn.q_proj" for layer in range(2)]
    assert findings("T104", broken) == layers
