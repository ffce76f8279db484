import pytest

from tests.conftest import Drafts, Judge

TRANSFORMS = "quantization_config.transform_config"
R4 = "model.layers.0.mlp.down_proj.R4_input.weight"
OUTPUT = "model.layers.0.self_attn.q_proj.u_output.weight"


@pytest.mark.parametrize(
    ("name", "tensor", "group"),
    [("llama-nvfp4-spinquant-r4", R4, "R4"), ("llama-w4a16-quip", OUTPUT, "u")],
)
def test_fires_when_the_matrix_is_missing(
    name: str, tensor: str, group: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).drop(tensor)
    assert findings("Q120", broken) == [f"error config.json: {TRANSFORMS}.config_groups.{group}"]


def test_fires_on_a_matrix_of_another_size(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w4a16-quip").config(f"{TRANSFORMS}.config_groups.u.head_dim", 64)
    assert findings("Q120", broken) == [f"error {OUTPUT}"]


def test_fires_once_on_a_matrix_that_is_not_declared(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4-spinquant-r4").config(TRANSFORMS, {})
    assert findings("Q120", broken) == [f"error {R4}"]
    assert [findings(rule, broken) for rule in ("T101", "T102", "T118")] == [[], [], []]


def test_fires_by_the_width_of_the_modules_where_no_size_is_given(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4-spinquant-r4").config(
        f"{TRANSFORMS}.config_groups.R4.head_dim", None
    )
    assert findings("Q120", broken) == [f"error {R4}"]


@pytest.mark.parametrize(
    "name", ["llama-nvfp4-spinquant-r4", "llama-w4a16-spinquant", "llama-w4a16-quip", "llama-nvfp4"]
)
def test_silent_on_what_llm_compressor_writes(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q120", draft(name)) == []


def test_silent_on_what_is_ignored(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4-spinquant-r4").drop(R4)
    place = f"{TRANSFORMS}.config_groups.R4.apply"
    entries = kept.read()["quantization_config"]["transform_config"]["config_groups"]["R4"]["apply"]
    kept.config(place, [entry | {"ignore": ["re:.*down_proj$"]} for entry in entries])
    assert findings("Q120", kept) == []


@pytest.mark.parametrize("location", [[], {}, 3, None])
def test_silent_on_a_place_that_is_none(location: object, draft: Drafts, findings: Judge) -> None:
    entry = {"targets": ["Linear"], "location": location, "ignore": [], "inverse": False}
    groups = {"R4": {"type": "hadamard", "apply": [entry]}}
    broken = draft("llama-nvfp4").config(TRANSFORMS, {"config_groups": groups})
    assert findings("Q120", broken) == []
    assert findings("Q107", broken) != []
