from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.conftest import Drafts, Judge

Codes = npt.NDArray[Any]
DOWN = "model.layers.1.mlp.down_proj"
PLACE = f"warning model.safetensors: {DOWN}.weight"


def nibbles(raw: bytes, change: Callable[[Codes], Codes]) -> bytes:
    """Change unsigned fields of four bits; those that leave the range stay at its end."""
    pairs = np.frombuffer(raw, np.uint8)
    codes = np.stack((pairs & 15, pairs >> 4)).astype(np.int8)
    low, high = np.clip(change(codes), 0, 15).astype(np.uint8)
    return bytes(low | high << 4)


@pytest.mark.parametrize("checkpoint", ["llama-w4a16", "llama-w4a16-gptq"])
@pytest.mark.parametrize("step", [1, -1])
def test_fires_on_codes_a_step_off(
    checkpoint: str, step: int, draft: Drafts, findings: Judge
) -> None:
    packed = f"{DOWN}.weight_packed"
    broken = draft(checkpoint).change(packed, lambda raw: nibbles(raw, lambda c: c + step))
    assert findings("V122", broken) == [f"{PLACE}_packed"]


@pytest.mark.parametrize("checkpoint", ["llama-w4a16-asym", "llama-w4a16-awq"])
def test_fires_on_zero_points_as_autogptq_stores_them(
    checkpoint: str, draft: Drafts, findings: Judge, messages: Judge
) -> None:
    points = f"{DOWN}.weight_zero_point"
    broken = draft(checkpoint).change(points, lambda raw: nibbles(raw, lambda c: c - 1))
    assert findings("V122", broken) == [f"{PLACE}_packed"]
    assert messages("V122", broken) == ["codes are 1.0 steps above their zero points in the mean"]


def test_fires_on_codes_in_whole_bytes(draft: Drafts, findings: Judge) -> None:
    def higher(raw: bytes) -> bytes:
        return np.minimum(np.frombuffer(raw, np.int8) + 1, 7).astype(np.int8).tobytes()

    broken = draft("llama-w4a8").change(f"{DOWN}.weight", higher)
    assert findings("V122", broken) == [PLACE]


def test_silent_on_a_mean_that_weights_may_have(draft: Drafts, findings: Judge) -> None:
    def some(codes: Codes) -> Codes:
        third: Codes = np.arange(codes.size) % 3 == 0
        return codes + third.reshape(codes.shape).astype(np.int8)

    kept = draft("llama-w4a16").change(f"{DOWN}.weight_packed", lambda raw: nibbles(raw, some))
    assert findings("V122", kept) == []
