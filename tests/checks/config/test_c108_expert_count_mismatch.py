import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "num_local_experts"
BLOCK = "model.layers.0.mlp"


@pytest.fixture
def moe(draft: Drafts) -> Draft:
    return draft("qwen3_moe-fp8")


def drop(draft: Draft, prefix: str) -> Draft:
    for name in draft.tensors():
        if name.startswith(prefix):
            draft.drop(name)
    return draft


@pytest.mark.parametrize("count", [6, 10])
def test_fires_once_when_the_config_miscounts(count: int, moe: Draft, findings: Judge) -> None:
    assert findings("C108", moe.config(KEY, count)) == [f"error config.json: {KEY}"]


def test_fires_on_the_block_that_lacks_an_expert(moe: Draft, findings: Judge) -> None:
    broken = drop(moe, f"{BLOCK}.experts.5.")
    assert findings("C108", broken) == [f"error {BLOCK}.experts"]


def test_fires_when_a_dense_layer_stores_experts(moe: Draft, findings: Judge) -> None:
    assert findings("C108", moe.config("mlp_only_layers", [0])) == [f"error {BLOCK}"]


def test_silent_when_one_projection_of_an_expert_is_missing(moe: Draft, findings: Judge) -> None:
    kept = drop(moe, f"{BLOCK}.experts.5.up_proj.")
    assert findings("C108", kept) == []


def test_silent_when_all_experts_are_one_tensor(moe: Draft, findings: Judge) -> None:
    drop(moe, f"{BLOCK}.experts.")
    beside = f"{BLOCK}.gate.weight"
    moe.add(f"{BLOCK}.experts.gate_up_proj", "BF16", [8, 128, 128], beside=beside)
    moe.add(f"{BLOCK}.experts.down_proj", "BF16", [8, 128, 64], beside=beside)
    assert findings("C108", moe) == []


def test_silent_on_a_dense_model(draft: Drafts, findings: Judge) -> None:
    assert findings("C108", draft("llama-fp8-dynamic")) == []
