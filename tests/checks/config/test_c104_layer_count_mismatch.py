from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "num_hidden_layers"


def drop(draft: Draft, prefix: str) -> Draft:
    for name in draft.tensors():
        if name.startswith(prefix):
            draft.drop(name)
    return draft


def test_fires_once_when_the_config_counts_too_many(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(KEY, 5)
    assert findings("C104", broken) == [f"error config.json: {KEY}"]


def test_fires_on_the_layer_that_is_missing(draft: Drafts, findings: Judge) -> None:
    broken = drop(draft("llama-fp8-dynamic"), "model.layers.0.")
    assert findings("C104", broken) == ["error model.layers.0"]


def test_fires_on_a_layer_too_many(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(KEY, 1)
    assert findings("C104", broken) == ["error model.layers.1"]


def test_silent_when_the_extra_layer_is_the_declared_mtp_head(
    draft: Drafts, findings: Judge
) -> None:
    kept = draft("llama-fp8-dynamic").config(KEY, 1)
    kept.config("num_nextn_predict_layers", 1)
    assert findings("C104", kept) == []


def test_silent_when_one_module_of_a_layer_is_missing(draft: Drafts, findings: Judge) -> None:
    kept = drop(draft("llama-fp8-dynamic"), "model.layers.0.mlp.up_proj.")
    assert findings("C104", kept) == []
