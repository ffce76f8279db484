from pathlib import Path

import pytest

from tests.conftest import GOOD, Drafts, Judge
from tests.mutate import Draft

STEP = "recipe.yaml: default_stage.default_modifiers.QuantizationModifier"
RECIPE = """
default_stage:
  default_modifiers:
    QuantizationModifier: {{targets: [Linear], ignore: [{ignore}], scheme: {scheme}}}
"""


def recipe(draft: Draft, scheme: str, ignore: str = "lm_head") -> Draft:
    return draft.write("recipe.yaml", RECIPE.format(scheme=scheme, ignore=ignore))


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("llama-nvfp4", "NVFP4A16"),
        ("llama-nvfp4", "MXFP4"),
        ("llama-fp8-dynamic", "FP8"),
        ("llama-w4a16", "W4A16_ASYM"),
        ("llama-w4a16", "W8A16"),
        ("llama-fp8-block", "FP8_DYNAMIC"),
    ],
)
def test_fires_on_another_scheme(name: str, scheme: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q119", recipe(draft(name), scheme)) == [f"warning {STEP}"]


def test_fires_on_a_module_that_the_recipe_ignores(draft: Drafts, findings: Judge) -> None:
    broken = recipe(draft("llama-nvfp4"), "NVFP4", "'re:.*down_proj$'")
    modules = [f"warning model.layers.{layer}.mlp.down_proj" for layer in range(2)]
    assert findings("Q119", broken) == modules


def test_fires_on_a_cache_scheme_in_one_of_them(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv").config("quantization_config.kv_cache_scheme", None)
    assert findings("Q119", broken) == [], "scales are stored, and Q114 asks for their scheme"
    for tensor in [t for t in broken.tensors() if t.endswith(("k_scale", "v_scale"))]:
        broken.drop(tensor)
    assert findings("Q119", broken) == [f"warning {STEP}"]


def test_fires_as_info_on_a_scheme_that_was_dropped(draft: Drafts, findings: Judge) -> None:
    broken = recipe(draft("llama-nvfp4"), "{NVFP4: [Linear], FP8_DYNAMIC: ['re:.*experts.*']}")
    assert findings("Q119", broken) == [f"info {STEP}.FP8_DYNAMIC"]


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "x: !!python/object/apply:os.system ['true'", "\x00"]
)
def test_fires_on_a_recipe_that_cannot_be_read(text: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").write("recipe.yaml", text)
    assert findings("Q119", broken) == ["warning recipe.yaml"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_silent_on_what_llm_compressor_wrote(path: Path, draft: Drafts, findings: Judge) -> None:
    name = "demo" if path.name == "checkpoint" else path.name
    assert findings("Q119", draft(name)) == []


def test_silent_without_a_recipe(draft: Drafts, findings: Judge) -> None:
    assert findings("Q119", draft("llama-nvfp4").remove("recipe.yaml")) == []


def test_silent_where_attention_itself_is_quantized(draft: Drafts, findings: Judge) -> None:
    # llm-compressor derives the cache scheme that it declares from such a group.
    inputs = "{num_bits: 8, type: float, strategy: tensor}"
    kept = recipe(draft("qwen3-fp8-kv"), "FP8_DYNAMIC")
    text = (kept.path / "recipe.yaml").read_text()
    group = f"{{targets: [Qwen3Attention], input_activations: {inputs}}}"
    kept.write(
        "recipe.yaml", text.replace("scheme: FP8_DYNAMIC", f"config_groups: {{kv: {group}}}")
    )
    assert findings("Q119", kept) == []
