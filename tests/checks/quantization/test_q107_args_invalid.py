from typing import Any

import pytest

from tests.conftest import Drafts, Judge

GROUP = "quantization_config.config_groups.group_0"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("weights.num_bits", "four"),
        ("weights.strategy", "per_channel"),
        ("weights.symmetric", "maybe"),
        ("weights.dynamic", "global"),
        ("weights.scale_dtype", "e4m3"),
        ("weights.block_structure", [128]),
        ("input_activations.observer_kwargs", []),
        ("weights.group_size", -2),
        ("weights.is_mse", True),
        ("format", "mixed-precision"),
        ("format", "nvfp4"),
        ("targets", "Linear"),
        ("scheme", "NVFP4"),
    ],
)
def test_fires_on_a_value_that_is_refused(
    key: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").config(f"{GROUP}.{key}", value)
    assert findings("Q107", broken) == [f"error config.json: {GROUP}.{key}"]


@pytest.mark.parametrize(
    ("checkpoint", "key", "value", "blamed"),
    [
        ("llama-nvfp4", "weights.group_size", None, "weights.group_size"),
        ("llama-fp8-dynamic", "input_activations.dynamic", False, "input_activations.dynamic"),
        ("llama-fp8-dynamic", "weights.group_size", 128, "weights.group_size"),
        ("llama-fp8-dynamic", "weights.num_bits", 5, "weights.num_bits"),
        ("llama-fp8-dynamic", "weights.dynamic", True, "weights.dynamic"),
        ("llama-fp8-block", "weights.block_structure", None, "weights.block_structure"),
        ("llama-w8a8-int8", "weights.block_structure", [1, 1], "weights.block_structure"),
        ("llama-fp8-dynamic", "input_activations.dynamic", "local", "input_activations.dynamic"),
        ("llama-fp8-static", "input_activations.strategy", "channel", "input_activations.strategy"),
        ("llama-fp8-static", "input_activations.actorder", "weight", "input_activations.actorder"),
    ],
)
def test_fires_on_values_that_do_not_go_together(
    checkpoint: str, key: str, value: Any, blamed: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(checkpoint).config(f"{GROUP}.{key}", value)
    assert findings("Q107", broken) == [f"error config.json: {GROUP}.{blamed}"]


def test_fires_as_warning_on_a_key_misspelt_by_a_letter(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").unset("config.json", "quantization_config.ignore")
    broken.config("quantization_config.ignored", ["lm_head"])
    assert findings("Q107", broken) == ["warning config.json: quantization_config.ignored"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("weights.scale_dtype", None),
        ("weights.num_bits", 4.0),
        ("weights.zp_dtype", None),
        ("weights.observer", "mse"),
        ("weights.observer_kwargs", {"averaging_constant": 0.01}),
        ("weights.actorder", "static"),
        ("weights.type", "FLOAT"),
        ("output_activations", None),
        ("format", None),
    ],
)
def test_silent_on_what_older_and_newer_versions_wrote(
    key: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("Q107", draft("llama-nvfp4").config(f"{GROUP}.{key}", value)) == []


@pytest.mark.parametrize("key", ["packed_modules_mapping", "producer", "run_compressed"])
def test_silent_on_other_keys_of_the_declaration(key: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q107", draft("llama-nvfp4").config(f"quantization_config.{key}", {})) == []


def test_fires_as_warning_where_weights_and_activations_are_exchanged(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4")
    group = broken.read()["quantization_config"]["config_groups"]["group_0"]
    group["weights"], group["input_activations"] = group["input_activations"], group["weights"]
    broken.config(GROUP, group)
    assert findings("Q107", broken) == [f"warning config.json: {GROUP}.weights.dynamic"]
    assert findings("Q119", broken) == []


TRANSFORMS = "quantization_config.transform_config"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config_groups", []),
        ("config_groups.R1", "hadamard"),
        ("config_groups.R1.block_size", 64),
        ("config_groups.R1.type", None),
        ("config_groups.R1.apply.0", None),
        ("config_groups.R1.apply.0.location", "inputs"),
        ("config_groups.R1.apply.0.targets", 3),
        ("config_groups.R1.apply.0.target", "Linear"),
    ],
)
def test_fires_on_a_transform_that_is_none(
    path: str, value: object, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-w4a16-spinquant").config(f"{TRANSFORMS}.{path}", value)
    assert findings("Q107", broken) == [f"error config.json: {TRANSFORMS}.{path}"]


def test_fires_as_warning_on_nvfp4_activations_that_are_not_local(
    draft: Drafts, findings: Judge
) -> None:
    place = "quantization_config.config_groups.group_0.input_activations.dynamic"
    broken = draft("llama-nvfp4").config(place, value=True)
    assert findings("Q107", broken) == [f"warning config.json: {place}"]
    assert findings("T102", broken) == []
    broken.drop("model.layers.0.mlp.up_proj.input_global_scale")
    assert findings("T101", broken) == ["error model.layers.0.mlp.up_proj"]
