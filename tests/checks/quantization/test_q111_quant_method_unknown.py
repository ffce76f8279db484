import pytest

from tests.conftest import Drafts, Judge, judge_one

METHOD = "quantization_config.quant_method"


@pytest.mark.parametrize("method", ["compresed-tensors", "nvfp4", "", None, 4])
def test_fires_on_a_method_that_nobody_knows(
    method: object, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").config(METHOD, method)
    assert findings("Q111", broken) == [f"error config.json: {METHOD}"]


@pytest.mark.parametrize("declared", ["{}", ["compressed-tensors"], True])
def test_fires_on_what_is_no_declaration(declared: object, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("quantization_config", declared)
    assert findings("Q111", broken) == ["error config.json: quantization_config"]


def test_fires_on_none_at_all(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").unset("config.json", METHOD)
    assert findings("Q111", broken) == [f"error config.json: {METHOD}"]


def test_fires_as_warning_on_another_spelling(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(METHOD, "compressed_tensors")
    assert findings("Q111", broken) == [f"warning config.json: {METHOD}"]
    assert findings("Q101", broken) == []  # it is read nevertheless, as vLLM does


@pytest.mark.parametrize("method", ["gptq", "awq", "fp8", "modelopt", "bitsandbytes", "quark"])
def test_silent_on_other_methods_which_are_not_checked(
    method: str, draft: Drafts, findings: Judge
) -> None:
    kept = draft("llama-nvfp4").config(METHOD, method)
    assert findings("Q111", kept) == []
    _, skipped = judge_one("Q101", kept.path)
    assert skipped[0].required
    assert method in skipped[0].reason
