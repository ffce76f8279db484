import struct

import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "model.layers.1.self_attn.k_scale"
FILE = "model.safetensors"


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 131072.0, 3e-31])
@pytest.mark.parametrize("name", ["qwen3-fp8-kv", "qwen3-kv-only"])
def test_fires_on_what_cannot_scale(
    name: str, value: float, draft: Drafts, findings: Judge
) -> None:
    assert findings("V112", draft(name).patch(KEY, bf16(value))) == [f"error {FILE}: {KEY}"]


def test_fires_on_one_head(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-nvfp4-kv-heads").patch(KEY, bf16(0.0), 2)
    assert findings("V112", broken) == [f"error {FILE}: {KEY}"]


def test_silent_on_a_tower_which_has_no_cache(draft: Drafts, findings: Judge) -> None:
    made, attention = draft("demo"), "model.visual.blocks.0.attn"
    made.add(f"{attention}.k_scale", "BF16", [1], beside=f"{attention}.proj.weight")
    shard = made.tensors()[f"{attention}.k_scale"]
    assert findings("V112", made) == [f"info {shard}: {attention}.k_scale"]


def test_fires_once_when_all_are_one(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv")
    for layer in range(2):
        for part in "kv":
            broken.patch(f"model.layers.{layer}.self_attn.{part}_scale", bf16(1.0))
    assert findings("V112", broken) == [f"warning {FILE}: model.layers.0.self_attn.k_scale"]


def test_silent_when_one_of_them_is_one(draft: Drafts, findings: Judge) -> None:
    assert findings("V112", draft("qwen3-fp8-kv").patch(KEY, bf16(1.0))) == []


@pytest.mark.parametrize("factor", [64.0, 448.0])
def test_fires_on_keys_that_their_norm_cannot_give(
    factor: float, draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3-fp8-kv")
    (value,) = struct.unpack("<f", b"\0\0" + broken.bytes_of(KEY))
    broken.patch(KEY, bf16(value * factor))
    assert findings("V112", broken) == [f"warning {FILE}: {KEY}"]


VALUE = KEY.replace("k_scale", "v_scale")


@pytest.mark.parametrize("name", ["qwen3-fp8-kv", "qwen3-kv-only"])
def test_fires_on_values_that_no_weights_give(name: str, draft: Drafts, messages: Judge) -> None:
    (message,) = messages("V112", draft(name).patch(VALUE, bf16(546.0)))
    assert message.startswith(
        "is made for values up to 2.44e+05; model.layers.1.self_attn.v_proj gives at most 19."
    )


def test_silent_on_values_that_weights_might_give(draft: Drafts, findings: Judge) -> None:
    assert findings("V112", draft("qwen3-fp8-kv").patch(VALUE, bf16(0.125))) == []  # up to 56


def without_norms(draft: Draft) -> Draft:
    """A model whose keys and queries have no norm."""
    for name in [name for name in draft.tensors() if "q_norm" in name or "k_norm" in name]:
        draft.drop(name)
    return draft


def test_fires_on_keys_without_a_norm(draft: Drafts, findings: Judge, messages: Judge) -> None:
    broken = without_norms(draft("qwen3-fp8-kv")).patch(KEY, bf16(121.0))
    assert findings("V112", broken) == [f"warning {FILE}: {KEY}"]
    assert "self_attn.k_proj gives at most" in messages("V112", broken)[0]


def test_silent_on_keys_with_a_norm_that_has_no_weights(draft: Drafts, findings: Judge) -> None:
    kept = without_norms(draft("qwen3-fp8-kv")).patch(KEY, bf16(121.0))
    assert findings("V112", kept.config("use_qk_norm", 1)) == []


def test_silent_on_values_that_have_a_norm_of_their_own(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-fp8-kv").patch(VALUE, bf16(546.0))
    norm = VALUE.replace("v_scale", "v_layernorm.weight")
    assert findings("V112", kept.add(norm, "BF16", [32], beside=VALUE)) == []


def test_fires_on_keys_that_are_cut_off(draft: Drafts, messages: Judge, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv").patch(KEY, bf16(0.0000076))
    assert findings("V112", broken) == [f"warning {FILE}: {KEY}"]
    assert "k_norm.weight gives about" in messages("V112", broken)[0]
    assert findings("V112", draft("qwen3-fp8-kv").patch(KEY, bf16(0.002))) == []
