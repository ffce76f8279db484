"""recipe.yaml of several versions of llm-compressor, and of strangers."""

from pathlib import Path

import pytest

from release.facts.recipe import RECIPE_FILE, Recipe, parse_recipe
from tests.conftest import GOOD

# As llm-compressor 0.4 wrote it: its own stage name, a type by its Python name, shared lists.
OLD = """
quant_stage:
  quant_modifiers:
    SmoothQuantModifier: {smoothing_strength: 0.8}
    GPTQModifier:
      ignore: &id001 [lm_head]
      config_groups:
        group_0:
          targets: [Linear]
          weights:
            num_bits: 8
            type: !!python/object/apply:compressed_tensors.quantization.QuantizationType [int]
            strategy: channel
      sequential_targets: *id001
"""


WRITTEN = [path for path in GOOD if (path / RECIPE_FILE).exists()]
NAMED = {
    "gptq": "GPTQ",
    "awq": "AWQ",
    "smoothquant": "SmoothQuant",
    "spinquant": "SpinQuant",
    "quip": "QuIP",
}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_recipe_of_a_good_checkpoint_is_read(path: Path) -> None:
    recipe = parse_recipe((path / RECIPE_FILE).read_text())
    assert recipe.problem is None
    methods = {NAMED[word] for word in path.name.split("-") if word in NAMED}
    assert recipe.methods - {"Quantization"} == methods
    assert any(step.groups or step.kv_cache_scheme for step in recipe.modifiers)


def test_an_old_recipe_is_read_without_making_its_objects() -> None:
    recipe = parse_recipe(OLD)
    assert recipe.methods == {"SmoothQuant", "GPTQ"}
    gptq = recipe.modifiers[1]
    assert gptq.path == "quant_stage.quant_modifiers.GPTQModifier"
    assert gptq.ignore == ("lm_head",)
    assert gptq.groups[0].weights is not None
    assert gptq.groups[0].weights.type == "int"
    assert gptq.groups[0].weights.strategy == "channel"


def test_an_order_of_columns_belongs_to_every_group() -> None:
    text = "s_stage: {s_modifiers: {GPTQModifier: {scheme: W4A16, actorder: static}}}"
    weights = parse_recipe(text).modifiers[0].groups[0].weights
    assert weights is not None
    assert (weights.num_bits, weights.group_size, weights.actorder) == (4, 128, "static")


def test_modifiers_may_stand_in_a_list() -> None:
    text = "a_stage: {a_modifiers: [{AWQModifier: {}}, {QuantizationModifier: {scheme: FP8}}]}"
    assert parse_recipe(text).methods == {"AWQ", "Quantization"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "a_stage: 3",
        "a_stage: {a_modifiers: 3}",
        "a_stage: {a_modifiers: {QuantizationModifier: 3}}",
        "a_stage: {a_modifiers: {QuantizationModifier: {scheme: [1], targets: {}, ignore: 3}}}",
        "a_stage: {a_modifiers: {QuantizationModifier: {scheme: NVFP5, kv_cache_scheme: 3}}}",
        "{3: 4, null: 5}",
        "a: !!python/name:os.system ''",
        "a: 2026-13-45",
        "? [a]\n: b",
        "{" * 5_000,
    ],
)
def test_whatever_a_recipe_holds_it_is_answered(text: str) -> None:
    assert isinstance(parse_recipe(text), Recipe)


def test_merges_do_not_explode() -> None:
    levels = "".join(f"l{i}: &l{i} {{<<: [*l{i - 1}, *l{i - 1}]}}\n" for i in range(1, 40))
    assert parse_recipe("l0: &l0 {a: 1}\n" + levels) == Recipe()
