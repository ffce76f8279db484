import pytest

from tests.conftest import Drafts, Judge

SHARD = "model.safetensors"
NORM = "model.norm.weight"


@pytest.mark.parametrize("metadata", [{"format": "mlx"}, {"format": "np"}, {"source": "by hand"}])
def test_fires_when_metadata_names_another_framework(
    draft: Drafts, findings: Judge, metadata: dict[str, str]
) -> None:
    broken = draft("llama-nvfp4").header(SHARD, lambda h: h.update(__metadata__=metadata))
    assert findings("F122", broken) == [f"warning {SHARD}"]


def test_fires_when_a_weight_has_a_foreign_dtype(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(NORM, "U32", [128])
    assert findings("F122", broken) == [f"warning {SHARD}: {NORM}"]


@pytest.mark.parametrize(
    "name",
    [
        "_orig_mod.model.norm.weight",
        "module.model.norm.weight",
        "base_model.model.model.norm.weight",
        "model._orig_mod.norm.weight",
        "model._fsdp_wrapped_module.norm.weight",
        "model.layers.0.self_attn.q_proj.base_layer.weight",
        "model.layers.0.self_attn.q_proj.lora_A.default.weight",
        "model.norm.parametrizations.weight.original",
    ],
)
def test_fires_when_a_name_shows_a_wrapper(draft: Drafts, findings: Judge, name: str) -> None:
    assert findings("F122", draft("llama-nvfp4").rename(NORM, name)) == [f"error {SHARD}: {name}"]


def test_silent_without_metadata(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").header(SHARD, lambda header: header.pop("__metadata__"))
    assert findings("F122", kept) == []


def test_silent_for_weight_norm_of_an_audio_tower(draft: Drafts, findings: Judge) -> None:
    name = "audio_tower.conv.parametrizations.weight.original0"
    assert findings("F122", draft("llama-nvfp4").add(name, "BF16", [1], beside=NORM)) == []


def test_silent_for_a_model_that_is_built_with_adapters(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.mlp.down_proj.lora_A.vision.weight"
    kept = draft("llama-nvfp4").config("model_type", "phi4mm").rename(NORM, name)
    assert findings("F122", kept) == []


def test_silent_for_names_that_only_resemble(draft: Drafts, findings: Judge) -> None:
    name = "model.module.modulelist.weight"
    assert findings("F122", draft("llama-nvfp4").rename(NORM, name)) == []
