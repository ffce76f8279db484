import pytest

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

NORM = "model.layers.1.input_layernorm.weight"


def test_fires_on_a_lost_bias(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama")
    origin.add("model.layers.0.self_attn.q_proj.bias", "BF16", [128], beside=NORM)
    assert compare(draft("llama-nvfp4"), origin) == [
        "B102 error model.layers.0.self_attn.q_proj.bias"
    ]


def without_mtp(draft: Draft) -> Draft:
    for name in draft.tensors():
        if name.startswith("mtp."):
            draft.drop(name)
    return draft


def test_fires_once_on_a_lost_mtp_head(draft: Drafts, compare: Compare) -> None:
    lost = without_mtp(draft("qwen3_5-mtp"))
    lost.unset("config.json", "text_config.mtp_num_hidden_layers")
    assert compare(lost, "qwen3_5-mtp") == ["B102 warning mtp.fc.weight"]


def test_silent_on_a_lost_mtp_head_that_config_declares(draft: Drafts, compare: Compare) -> None:
    assert compare(without_mtp(draft("qwen3_5-mtp")), "qwen3_5-mtp") == []  # C110 says it


def test_fires_on_what_the_base_has_not(draft: Drafts, compare: Compare) -> None:
    more = draft("llama-nvfp4").add("model.layers.0.extra.weight", "BF16", [128], beside=NORM)
    assert compare(more, "llama") == ["B102 warning model.layers.0.extra.weight"]


@pytest.mark.parametrize("buffer", ["rotary_emb.inv_freq", "self_attn.rotary_emb.inv_freq"])
def test_silent_on_buffers(buffer: str, draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama").add(f"model.layers.0.{buffer}", "F32", [16], beside=NORM)
    assert compare(draft("llama-nvfp4"), origin) == []


def test_silent_on_a_module_that_the_config_implies_and_is_lost(
    draft: Drafts, compare: Compare
) -> None:
    assert compare(draft("llama-nvfp4").drop(NORM), "llama") == []  # T117 says it


def test_silent_on_other_prefixes(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("qwen3_5-mtp")
    for tensor in origin.tensors():
        if tensor.startswith("model.language_model."):
            origin.rename(tensor, tensor.replace("model.language_model.", "language_model.model."))
        elif tensor.startswith("model.visual."):
            origin.rename(tensor, tensor.removeprefix("model."))
    assert compare(draft("qwen3_5-mtp"), origin) == []
