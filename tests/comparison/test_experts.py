"""Experts that the base holds in 3-D tensors, in each order that releases have them in."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

Words = npt.NDArray[np.uint16]

BLOCK = "model.layers.{}.mlp.experts"
EXPERTS, WIDTH, HIDDEN = 8, 64, 128


def halves(gate: Words, up: Words) -> Words:
    return np.concatenate([gate, up], axis=1)


def interleaved(gate: Words, up: Words) -> Words:
    return np.stack([gate, up], axis=2).reshape(EXPERTS, 2 * WIDTH, HIDDEN)


def fuse(base: Draft, join: Callable[[Words, Words], Words], *, transposed: bool) -> Draft:
    """Rewrite a base with one expert a tensor into the fused form."""
    for layer in range(2):
        block = BLOCK.format(layer)

        def stack(part: str, rows: int, columns: int, block: str = block) -> Words:
            names = [f"{block}.{i}.{part}.weight" for i in range(EXPERTS)]
            parts = [np.frombuffer(base.values(n), "<u2").reshape(rows, columns) for n in names]
            for name in names:
                base.drop(name)
            return np.stack(parts)

        up = join(stack("gate_proj", WIDTH, HIDDEN), stack("up_proj", WIDTH, HIDDEN))
        for name, values in (
            ("gate_up_proj", up),
            ("down_proj", stack("down_proj", HIDDEN, WIDTH)),
        ):
            turned = np.ascontiguousarray(values.transpose(0, 2, 1) if transposed else values)
            base.add(f"{block}.{name}", "BF16", [*turned.shape], beside="model.norm.weight")
            base.store(f"{block}.{name}", turned.tobytes())
    return base


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("join", [halves, interleaved])
def test_fused_experts_are_found(
    join: Callable[[Words, Words], Words],
    transposed: bool,
    draft: Drafts,
    base: Drafts,
    compare: Compare,
) -> None:
    origin = fuse(base("qwen3_moe"), join, transposed=transposed)
    assert compare(draft("qwen3_moe-nvfp4"), origin) == []


def test_exchanged_experts_are_named_against_fused_ones(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = fuse(base("qwen3_moe"), halves, transposed=False)
    broken = draft("qwen3_moe-nvfp4")
    one, other = (f"{BLOCK.format(0)}.{i}.down_proj" for i in (1, 6))
    for role in ("weight_packed", "weight_scale", "weight_global_scale"):
        broken.exchange(f"{one}.{role}", f"{other}.{role}")
    assert sorted(compare(broken, origin)) == [f"B108 error {one}", f"B108 error {other}"]


def test_joined_projections_of_the_base(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama")
    for layer in range(2):
        for joined, parts, rows in (
            ("self_attn.qkv_proj", ("q_proj", "k_proj", "v_proj"), 256),
            ("mlp.gate_up_proj", ("gate_proj", "up_proj"), 512),
        ):
            block = f"model.layers.{layer}.{joined.partition('.')[0]}"
            raw = b"".join(origin.values(f"{block}.{part}.weight") for part in parts)
            for part in parts:
                origin.drop(f"{block}.{part}.weight")
            name = f"model.layers.{layer}.{joined}.weight"
            origin.add(name, "BF16", [rows, 128], beside="model.norm.weight")
            origin.store(name, raw)
    assert compare(draft("llama-nvfp4"), origin) == []
