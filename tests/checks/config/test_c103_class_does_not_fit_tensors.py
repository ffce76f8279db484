import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft


def move(draft: Draft, old: str, new: str) -> Draft:
    for name in draft.tensors():
        if name.startswith(old):
            draft.rename(name, new + name.removeprefix(old))
    return draft


def test_fires_when_a_multimodal_class_has_text_only_names(mixed: Draft, findings: Judge) -> None:
    broken = move(mixed, "model.language_model.", "model.")
    assert findings("C103", broken) == ["error config.json: architectures"]


def test_fires_when_llama_has_multimodal_names(draft: Drafts, findings: Judge) -> None:
    broken = move(draft("llama-fp8-dynamic"), "model.", "model.language_model.")
    assert findings("C103", broken) == ["error config.json: architectures"]


def test_fires_when_two_prefixes_are_mixed(mixed: Draft, findings: Judge) -> None:
    layer = "model.language_model.layers.3."
    broken = move(mixed, layer, "model.layers.3.")
    found = findings("C103", broken)
    assert len(found) == 1
    assert found[0].startswith("error model.l")


def test_fires_when_a_multimodal_class_has_no_vision_config(mixed: Draft, findings: Judge) -> None:
    broken = mixed.unset("config.json", "vision_config")
    assert findings("C103", broken) == ["error config.json: vision_config"]


def test_fires_as_warning_when_model_type_belongs_to_another_class(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-fp8-dynamic").config("model_type", "mistral")
    assert findings("C103", broken) == ["warning config.json: model_type"]


def test_silent_on_a_base_class_without_the_model_prefix(draft: Drafts, findings: Judge) -> None:
    kept = move(draft("llama-fp8-dynamic"), "model.", "")
    kept.drop("lm_head.weight").config("architectures", ["LlamaModel"])
    assert findings("C103", kept) == []


def test_silent_on_the_text_class_whose_readers_strip_the_prefix(
    draft: Drafts, findings: Judge
) -> None:
    kept = draft("qwen3_5-mtp")
    text = kept.read()["text_config"]
    kept.config("text_config", text | {"model_type": "qwen3_5_text"})
    kept.config("model_type", "qwen3_5_text").config("architectures", ["Qwen3_5ForCausalLM"])
    assert findings("C103", kept) == []


def test_silent_on_a_stack_of_the_vision_tower(mixed: Draft, findings: Judge) -> None:
    kept = move(mixed, "model.visual.blocks.", "model.visual.layers.")
    assert findings("C103", kept) == []


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("llama-nvfp4", "Qwen3ForCausalLM"),  # it has norms of queries and keys
        ("qwen3-fp8-kv", "LlamaForCausalLM"),  # it has none
        ("demo", "LlamaForCausalLM"),
        ("qwen3_moe-fp8", "MixtralForCausalLM"),
        ("phi3-nvfp4", "LlamaForCausalLM"),
    ],
)
def test_fires_on_a_class_of_another_family(
    name: str, architecture: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).config("architectures", [architecture])
    assert findings("C103", broken) == ["error config.json: model_type"]


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("llama-nvfp4", "MistralForCausalLM"), ("llama-nvfp4", "GPT2LMHeadModel")],
)
def test_fires_as_warning_on_a_class_that_fits_or_is_not_known(
    name: str, architecture: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).config("architectures", [architecture])
    assert findings("C103", broken) == ["warning config.json: model_type"]


def test_fires_as_warning_where_only_the_model_type_is_wrong(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3-fp8-kv").config("model_type", "llama")
    assert findings("C103", broken) == ["warning config.json: model_type"]


def test_fires_on_a_classifier_without_its_head(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("architectures", ["LlamaForSequenceClassification"])
    assert findings("C103", broken) == ["error config.json: architectures"]
    broken.rename("lm_head.weight", "score.weight")
    assert findings("C103", broken) == []


def test_fires_as_warning_on_a_class_without_the_stored_head(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").config("architectures", ["LlamaModel"])
    assert findings("C103", broken) == ["warning config.json: architectures"]
    assert findings("C103", broken.drop("lm_head.weight")) == []
