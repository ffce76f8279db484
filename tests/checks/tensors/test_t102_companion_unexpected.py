from tests.conftest import Drafts, Judge

UP = "model.layers.0.mlp.up_proj"
NORM = "model.layers.0.input_layernorm"


def test_fires_on_an_input_scale_of_dynamic_activations(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").add(f"{UP}.input_scale", "BF16", [1], beside=f"{UP}.weight")
    assert findings("T102", broken) == [f"warning {UP}.input_scale"]


def test_fires_on_an_input_scale_of_weights_alone(draft: Drafts, findings: Judge) -> None:
    name = f"{UP}.input_global_scale"
    broken = draft("llama-nvfp4a16").add(name, "F32", [1], beside=f"{UP}.weight_packed")
    assert findings("T102", broken) == [f"warning {name}"]


def test_fires_on_a_scale_beside_a_norm(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").add(
        f"{NORM}.weight_scale", "BF16", [1], beside=f"{NORM}.weight"
    )
    assert findings("T102", broken) == [f"error {NORM}.weight_scale"]


def test_fires_on_a_scale_without_any_weight(draft: Drafts, findings: Judge) -> None:
    lost = "model.layers.0.mlp.extra_norm"
    broken = draft("llama-fp8-dynamic").config(
        "quantization_config.config_groups.group_0.targets", [r"re:.*\.(self_attn|mlp)\..*_proj$"]
    )
    broken.add(f"{lost}.weight_scale", "BF16", [1], beside=f"{UP}.weight")
    assert findings("T102", broken) == [f"error {lost}.weight_scale"]


def test_fires_as_a_note_on_an_old_zero_point(draft: Drafts, findings: Judge) -> None:
    name = f"{UP}.weight_zero_point"
    old = draft("llama-w4a16").add(name, "I8", [256, 1], beside=f"{UP}.weight_packed")
    assert findings("T102", old) == [f"info {name}"]


def test_fires_on_packed_zero_points_that_are_declared_away(draft: Drafts, findings: Judge) -> None:
    args = "quantization_config.config_groups.group_0.weights"
    found = findings("T102", draft("llama-w4a16-asym").config(f"{args}.symmetric", True))
    assert len(found) == 14
    assert f"error {UP}.weight_zero_point" in found


def test_silent_on_biases(draft: Drafts, findings: Judge) -> None:
    assert findings("T102", draft("qwen2-bias-int8")) == []


def test_silent_on_the_scales_of_the_cache(draft: Drafts, findings: Judge) -> None:
    assert findings("T102", draft("qwen3-fp8-kv")) == []


def test_silent_on_a_group_index_of_older_releases(draft: Drafts, findings: Judge) -> None:
    name = f"{UP}.weight_g_idx"
    old = draft("llama-w4a16").add(name, "I32", [128], beside=f"{UP}.weight_packed")
    assert findings("T102", old) == [f"warning {name}"]  # nothing declares an order
    ordered = old.config("quantization_config.config_groups.group_0.weights.actorder", "group")
    assert findings("T102", ordered) == []
