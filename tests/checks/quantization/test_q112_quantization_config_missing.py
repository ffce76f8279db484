import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft


@pytest.mark.parametrize(
    "name", ["llama-nvfp4", "llama-fp8-static", "llama-w8a8-int8", "llama-w4a16", "llama-mxfp8"]
)
def test_fires_when_the_declaration_is_lost(name: str, draft: Drafts, findings: Judge) -> None:
    broken = draft(name).unset("config.json", "quantization_config")
    assert findings("Q112", broken) == ["error config.json: quantization_config"]


def test_silent_when_nothing_is_quantized(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-kv-only").unset("config.json", "quantization_config")
    assert findings("Q112", kept) == []


@pytest.mark.parametrize("place", ["compression_config", "text_config.quantization_config"])
def test_silent_when_it_stands_where_vllm_looks_too(
    place: str, mixed: Draft, findings: Judge
) -> None:
    declaration = mixed.read()["quantization_config"]
    kept = mixed.config(place, declaration).unset("config.json", "quantization_config")
    assert findings("Q112", kept) == []
