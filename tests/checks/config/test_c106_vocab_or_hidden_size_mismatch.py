import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft


@pytest.mark.parametrize("size", [383, 400])
def test_fires_once_when_vocab_size_is_wrong(size: int, mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("text_config.vocab_size", size)
    assert findings("C106", broken) == ["error config.json: text_config.vocab_size"]


def test_fires_once_when_hidden_size_is_wrong(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("text_config.hidden_size", 256)
    assert findings("C106", broken) == ["error config.json: text_config.hidden_size"]


def test_fires_on_the_table_that_disagrees(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").retype("lm_head.weight", "BF16", [320, 128])
    assert findings("C106", broken) == ["error lm_head"]


@pytest.mark.parametrize("shape", [[1, 384, 128], [384, 1, 128], [384 * 128], [384, 128, 1]])
@pytest.mark.parametrize("module", ["lm_head", "model.embed_tokens"])
def test_fires_on_a_table_that_is_no_matrix(
    module: str, shape: list[int], draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").retype(f"{module}.weight", "BF16", shape)
    assert findings("C106", broken) == [f"error {module}"]


def test_fires_on_a_norm_of_another_length(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").retype("model.norm.weight", "BF16", [64])
    assert findings("C106", broken) == ["error model.norm"]


def test_silent_when_a_projection_has_the_wrong_shape(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.self_attn.o_proj.weight"
    kept = draft("llama-fp8-dynamic").retype(name, "F8_E4M3", [64, 128])
    assert findings("C106", kept) == []


def test_silent_on_a_tied_model_without_a_head(draft: Drafts, findings: Judge) -> None:
    assert findings("C106", draft("qwen3-nvfp4-tied")) == []


def test_silent_on_norms_of_heads_that_are_miscounted(draft: Drafts, findings: Judge) -> None:
    made = draft("minimax_m2-mxfp8")
    broken = made.config("num_key_value_heads", made.read()["num_key_value_heads"] * 2)
    assert findings("C106", broken) == []
    assert "error model.layers.0.self_attn.k_norm" in findings("C107", broken)
