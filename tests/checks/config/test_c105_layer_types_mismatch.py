from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "text_config.layer_types"
LINEAR, FULL = "linear_attention", "full_attention"


@pytest.mark.parametrize("types", [[LINEAR] * 3, [LINEAR] * 5, []])
def test_fires_when_the_list_has_another_length(
    types: list[str], mixed: Draft, findings: Judge
) -> None:
    assert findings("C105", mixed.config(KEY, types)) == [f"error config.json: {KEY}"]


def test_fires_when_a_layer_stores_another_kind(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(KEY, [LINEAR, LINEAR, FULL, FULL])
    assert findings("C105", broken) == ["error model.language_model.layers.2.self_attn"]


def test_fires_when_the_pattern_has_another_length(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config("hybrid_override_pattern", "M-*")
    assert findings("C105", broken) == ["error config.json: hybrid_override_pattern"]


def test_silent_when_the_list_covers_the_mtp_layer(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").config("num_nextn_predict_layers", 1)
    assert findings("C105", kept.config("layer_types", [FULL] * 3)) == []


@pytest.mark.parametrize("types", [None, "full", {"0": FULL}])
def test_silent_when_there_is_no_list(types: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C105", mixed.config(KEY, types)) == []


def test_silent_when_a_projection_is_missing(mixed: Draft, findings: Judge) -> None:
    kept = mixed.drop("model.language_model.layers.3.self_attn.q_norm.weight")
    assert findings("C105", kept) == []
