import struct

import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

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
