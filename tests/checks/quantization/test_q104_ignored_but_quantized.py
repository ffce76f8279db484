import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

IGNORE = "quantization_config.ignore"
GATE = "model.language_model.layers.1.mlp.gate_proj"


def test_fires_on_a_packed_module_that_is_ignored_by_name(mixed: Draft, findings: Judge) -> None:
    ignored = mixed.read()["quantization_config"]["ignore"]
    assert findings("Q104", mixed.config(IGNORE, [*ignored, GATE])) == [f"error {GATE}"]


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w8a8-int8", "llama-mxfp8"])
def test_fires_on_every_module_of_a_pattern(name: str, draft: Drafts, findings: Judge) -> None:
    broken = draft(name).config(IGNORE, ["lm_head", "re:.*layers.1.mlp"])
    modules = [f"error model.layers.1.mlp.{part}_proj" for part in ("down", "gate", "up")]
    assert sorted(findings("Q104", broken)) == modules


def test_silent_on_ignored_modules_in_bf16(draft: Drafts, findings: Judge) -> None:
    assert findings("Q104", draft("llama-nvfp4").config(IGNORE, ["lm_head", "re:.*norm"])) == []


def test_silent_where_an_ignored_attention_has_cache_scales(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-kv-only").config(IGNORE, ["re:.*self_attn"])
    assert findings("Q104", kept) == []
