import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

TARGETS = "quantization_config.config_groups.group_0.targets"


@pytest.mark.parametrize("target", ["re:.*layers.*", "re:.*self_attn.*", "re:model.norm"])
def test_fires_as_info_on_a_pattern_that_hits_a_norm(
    target: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3-nvfp4-tied").config(TARGETS, ["re:.*_proj$", target])
    assert findings("Q109", broken) == [f"info config.json: {TARGETS}.1"]


def test_fires_as_info_on_a_pattern_that_hits_a_convolution(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(TARGETS, ["re:.*linear_attn\\.(in|out|conv).*"])
    assert findings("Q109", broken) == [f"info config.json: {TARGETS}.0"]


@pytest.mark.parametrize("target", ["LayerNorm", "Conv1d", "linear", "QKVParallelLinear"])
def test_fires_on_another_class(target: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(TARGETS, ["Linear", target])
    assert findings("Q109", broken) == [f"warning config.json: {TARGETS}.1"]


@pytest.mark.parametrize("target", ["Embedding", "LlamaAttention", "lm_head", "re:.*mlp.*_proj"])
def test_silent_on_what_can_be_quantized(target: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q109", draft("llama-nvfp4").config(TARGETS, ["Linear", target])) == []


def test_silent_where_the_norms_are_ignored(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(TARGETS, ["re:.*layers.*"])
    assert findings("Q109", kept.config("quantization_config.ignore", ["re:.*norm$"])) == []
