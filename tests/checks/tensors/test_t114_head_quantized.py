from tests.conftest import Drafts, Judge
from tests.mutate import Draft

TARGETS = "quantization_config.config_groups.group_0.targets"


def with_head(draft: Draft) -> Draft:
    """Store the head as FP8 per channel, and ignore nothing."""
    rows, columns = draft.shape("lm_head.weight")
    draft.retype("lm_head.weight", "F8_E4M3", [rows, columns])
    draft.add("lm_head.weight_scale", "BF16", [rows, 1], beside="lm_head.weight")
    return draft.config("quantization_config.ignore", [])


def test_fires_on_a_head_that_only_a_class_claims(draft: Drafts, findings: Judge) -> None:
    assert findings("T114", with_head(draft("llama-fp8-dynamic"))) == ["error lm_head"]


def test_fires_as_a_warning_on_a_head_that_a_pattern_claims(draft: Drafts, findings: Judge) -> None:
    for target in (r"re:.*lm_head$", "lm_head"):
        broken = with_head(draft("llama-fp8-dynamic")).config(TARGETS, ["Linear", target])
        assert findings("T114", broken) == ["warning lm_head"]


def test_fires_on_a_head_that_is_tied(draft: Drafts, findings: Judge) -> None:
    broken = with_head(draft("llama-fp8-dynamic")).config(TARGETS, ["Linear", r"re:.*lm_head$"])
    assert findings("T114", broken.config("tie_word_embeddings", True)) == ["error lm_head"]


def test_silent_on_a_head_in_floats_that_is_claimed(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").config("quantization_config.ignore", [])
    assert findings("T114", kept) == []  # T103 says it


def test_silent_on_a_tied_model_without_a_head(draft: Drafts, findings: Judge) -> None:
    assert findings("T114", draft("qwen3-nvfp4-tied")) == []
