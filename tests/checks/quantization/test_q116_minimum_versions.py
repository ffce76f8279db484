"""The releases are those of the wheels of vLLM, compressed-tensors and transformers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import GOOD, Drafts, Judge
from tests.mutate import Draft

ROOT = "quantization_config"
WEIGHTS = f"{ROOT}.config_groups.group_0.weights"
INPUTS = f"{ROOT}.config_groups.group_0.input_activations"
NOTE = f"info config.json: {ROOT}"


def old_keys(draft: Draft) -> Draft:
    """Leave out the arguments that compressed-tensors 0.13 brought, and the newest tokenizer."""
    document = draft.read()
    for group in document[ROOT]["config_groups"].values():
        for part in ("weights", "input_activations"):
            for key in ("scale_dtype", "zp_dtype"):
                (group[part] or {}).pop(key, None)
    draft.write("config.json", json.dumps(document))
    return draft.edit("tokenizer_config.json", "tokenizer_class", "PreTrainedTokenizerFast")


def needs(draft: Draft, messages: Judge) -> str:
    return messages("Q116", draft)[0]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("llama-fp8-block", "vllm 0.11.0 for FP8_BLOCK"),
        ("llama-nvfp4", "vllm 0.9.1 for NVFP4"),
        ("qwen3_moe-nvfp4", "vllm 0.9.2 for NVFP4 experts"),
        ("llama-w3a16", "vllm 0.25.0 for W3A16"),
        ("gpt_oss-mxfp4", "vllm 0.15.0 for MXFP4A16 experts"),
        ("qwen3_5-mtp", "vllm 0.17.0 for Qwen3_5ForConditionalGeneration"),
        ("qwen3_5-mtp", "compressed-tensors 0.11.0 for the format mixed-precision"),
        ("qwen3_5-mtp", "transformers 5.2.0 for model_type qwen3_5"),
        ("glm4_moe-fp8-block", "vllm 0.11.0 for FP8_BLOCK"),
        ("llama-w4a16-embedding", "vllm 0.23.0 for a quantized embedding"),
    ],
)
def test_fires_as_info_with_what_asks_for_the_release(
    name: str, part: str, draft: Drafts, findings: Judge, messages: Judge
) -> None:
    old = old_keys(draft(name))
    assert findings("Q116", old) == [NOTE]
    assert part in needs(old, messages)


@pytest.mark.parametrize("name", ["llama-mxfp8", "minimax_m2-mxfp8"])
def test_fires_as_info_on_a_scheme_that_its_scale_dtype_makes(
    name: str, draft: Drafts, messages: Judge
) -> None:
    assert "vllm 0.20.0 for MXFP8" in needs(draft(name), messages)
    assert "vllm" not in needs(old_keys(draft(name)), messages), "no vLLM serves it then"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda d: d.config(f"{WEIGHTS}.scale_dtype", None), "vllm 0.14.0 for the argument"),
        (lambda d: d.config(f"{ROOT}.transform_config", {"x": 1}), "vllm 0.10.2 for transform"),
        (lambda d: d.config("architectures", ["Qwen3_5ForCausalLM"]), "vllm 0.27.0 for Qwen3_5"),
        (lambda d: d.config("architectures", ["MllamaForConditionalGeneration"]), "before 0.11.0"),
        (lambda d: d.config(f"{WEIGHTS}.actorder", "group"), "vllm before 0.30.0"),
        (lambda d: d.config(f"{ROOT}.sparsity_config", {"targets": ["a"]}), "vllm before 0.22.0"),
        (
            lambda d: d.edit("tokenizer_config.json", "tokenizer_class", "TokenizersBackend"),
            "vllm 0.19.1 for TokenizersBackend",
        ),
    ],
)
def test_fires_as_info_on_what_else_asks_for_one(
    change: Callable[[Draft], object], part: str, draft: Drafts, messages: Judge
) -> None:
    old = old_keys(draft("llama-w8a8-int8"))
    change(old)
    assert part in needs(old, messages)


def test_fires_as_warning_on_a_card_that_names_an_older_vllm(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").write("README.md", 'Use `pip install "vllm[audio]>=0.12"`.')
    assert findings("Q116", broken) == [NOTE, "warning README.md:1"]


@pytest.mark.parametrize("claim", ["vllm>=0.19.1", "vllm == 0.32.0", "vLLM 0.3 is too old", "", 7])
def test_silent_on_a_card_that_names_one_that_can(
    claim: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("Q116", draft("llama-nvfp4").write("README.md", f"{claim}\n")) == [NOTE]


def test_fires_as_warning_on_a_version_that_has_no_such_keys(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").config(f"{ROOT}.version", "0.11.0")
    assert findings("Q116", broken) == [NOTE, f"warning config.json: {ROOT}.version"]


@pytest.mark.parametrize(
    "version", ["0.12.3.a20251013", "0.13.0", "nightly", None, 0.1, "1", "0." + "9" * 5000, "0..1"]
)
def test_silent_on_a_version_that_may_have_them(
    version: Any, draft: Drafts, findings: Judge
) -> None:
    kept = draft("llama-nvfp4").config(f"{ROOT}.version", version)
    assert findings("Q116", kept) == [NOTE]


def test_silent_above_info_on_every_good_checkpoint(draft: Drafts, findings: Judge) -> None:
    for path in GOOD:
        name = "demo" if path.name == "checkpoint" else path.name
        assert findings("Q116", draft(name)) == [NOTE]


def test_silent_where_nothing_is_newer_than_what_was_looked_at(
    draft: Drafts, findings: Judge
) -> None:
    plain = old_keys(draft("llama-w8a8-int8")).config("model_type", "not_known")
    assert findings("Q116", plain) == []


@pytest.mark.parametrize("value", [None, 1, [], {}, "x", [{"a": 1}], {"g": None}, {"g": [1]}])
def test_silent_on_nonsense(value: Any, draft: Drafts, findings: Judge) -> None:
    for path in (f"{ROOT}.config_groups", "architectures", "model_type", INPUTS):
        for line in findings("Q116", draft("llama-w8a8-int8").config(path, value)):
            assert line.startswith("info")
