import struct

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

MODULE = "model.layers.1.mlp.down_proj"  # 256 columns in two groups of 128
INDEX = f"{MODULE}.weight_g_idx"


def indexed(draft: Drafts, numbers: list[int]) -> Draft:
    """A module with the tensor that compressed-tensors wrote until 0.18."""
    kept = draft("llama-w4a16").add(INDEX, "I32", [256], beside=f"{MODULE}.weight_packed")
    return kept.patch(INDEX, struct.pack("<256i", *numbers))


@pytest.mark.parametrize(
    "numbers", [[0] * 256, [0] * 100 + [1] * 156, [0] * 128 + [2] * 128, [0, -1] * 128]
)
def test_fires_on_what_is_no_permutation(
    numbers: list[int], draft: Drafts, findings: Judge
) -> None:
    assert findings("V121", indexed(draft, numbers)) == [f"error model.safetensors: {INDEX}"]


@pytest.mark.parametrize("numbers", [[0] * 128 + [1] * 128, [0, 1] * 128, [-1] * 256])
def test_silent_on_permutations_and_on_none(
    numbers: list[int], draft: Drafts, findings: Judge
) -> None:
    assert findings("V121", indexed(draft, numbers)) == []
