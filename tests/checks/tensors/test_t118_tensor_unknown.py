import pytest

from tests.conftest import GOOD, Drafts, Judge
from tests.mutate import Draft

NORM = "model.layers.0.input_layernorm.weight"


@pytest.mark.parametrize(
    "name",
    [
        "model.layers.0.self_attn.q_proj.bias",
        "model.layers.0.self_attn.q_proj.weight_scales",
        "model.layers.0.mlp.extra_proj.weight",
        "model.layers.0.post_feedforward_layernorm.weight",
        "extra.weight",
        "weight",
    ],
)
def test_fires_on_a_tensor_of_another_model(name: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").add(name, "BF16", [128], beside=NORM)
    assert findings("T118", broken) == [f"warning {name}"]


def test_silent_on_what_t117_names_beside_a_missing_module(
    draft: Drafts, findings: Judge, messages: Judge
) -> None:
    other = NORM.replace("input_layernorm", "input_layer_norm")
    broken = draft("llama-nvfp4").rename(NORM, other)
    assert findings("T118", broken) == []
    assert "input_layer_norm stored beside it" in messages("T117", broken)[0]


@pytest.mark.parametrize(
    "name",
    [
        "model.layers.0.self_attn.rotary_emb.inv_freq",
        "model.layers.2.mlp.up_proj.weight",  # C104
        "model.layers.0.linear_attn.out_proj.weight",  # C105
        "model.visual.patch_embed.proj.weight",  # C111
        "model.layers.0.mlp.experts.0.up_proj.weight",  # C108
        "mtp.fc.weight",  # C110
    ],
)
def test_silent_on_what_another_rule_or_no_engine_minds(
    name: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("T118", draft("llama-nvfp4").add(name, "BF16", [8], beside=NORM)) == []


def test_silent_on_companions_and_on_what_is_stored_twice(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4")
    kept.add("model.layers.0.mlp.up_proj.weight", "BF16", [256, 128], beside=NORM)
    kept.add("model.layers.0.input_layernorm.weight_scale", "BF16", [1], beside=NORM)
    assert findings("T118", kept) == []  # T108, T102


def test_silent_on_a_scale_under_another_name(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.mlp.up_proj.weight_scale"
    kept = draft("llama-nvfp4").rename(name, f"{name}s")
    assert findings("T118", kept) == []  # T101 says it


def test_silent_on_the_rotation_of_a_transform(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.mlp.down_proj.R4_input"
    kept = draft("llama-nvfp4").add(f"{name}.weight", "BF16", [256, 256], beside=NORM)
    assert findings("T118", kept) == []  # Q120 says that nothing declares it
    kept.config("quantization_config.transform_config", {"config_groups": {"R4": {"apply": []}}})
    assert findings("T118", kept) == []
    assert findings("T103", kept) == []


@pytest.mark.parametrize("name", [path.name for path in GOOD if path.name != "checkpoint"])
def test_silent_on_every_good_checkpoint(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T118", draft(name)) == []


def test_silent_on_towers(mixed: Draft, findings: Judge) -> None:
    assert findings("T118", mixed) == []
