from typing import Any

import numpy as np
import pytest

from release.checkpoint import TensorInfo
from release.quantization.config import parse_quantization
from release.quantization.decoding import Decoder, Undecodable
from release.quantization.schemes import Scheme, scheme_of

Stored = dict[str, tuple[str, tuple[int, ...], bytes]]


def decoder(weights: dict[str, Any], shape: tuple[int, int], stored: Stored) -> Decoder:
    group = {"targets": ["Linear"], "weights": weights}
    config = parse_quantization({"config_groups": {"g": group}})
    scheme = scheme_of(config.groups[0], config)
    assert isinstance(scheme, Scheme)
    infos = {
        role: TensorInfo(dtype, size, role, 0, len(raw))
        for role, (dtype, size, raw) in stored.items()
    }
    return Decoder(scheme, shape, infos, lambda info, at, n: stored[info.shard][2][at : at + n])


INT4 = {"type": "int", "num_bits": 4, "strategy": "group", "group_size": 4}
ONES = np.array([1, 10], np.float32).tobytes()


def int4(**others: tuple[str, tuple[int, ...], bytes]) -> Stored:
    """One row of eight codes 8..15, that is 0..7, in two groups scaled by 1 and 10."""
    packed = np.array([0xFEDCBA98], np.uint32).tobytes()
    return {
        "weight_packed": ("I32", (1, 1), packed),
        "weight_scale": ("F32", (1, 2), ONES),
        "weight_shape": ("I64", (2,), np.array([1, 8], np.int64).tobytes()),
        **others,
    }


def test_low_bits_are_the_first_column() -> None:
    values = decoder(INT4, (1, 8), int4()).rows(0, 1).values()
    assert values.tolist() == [[0, 1, 2, 3, 40, 50, 60, 70]]


def test_columns_may_be_in_the_groups_that_an_index_names() -> None:
    index = np.array([1, 0, 1, 0, 1, 0, 1, 0], np.int32).tobytes()
    stored = int4(weight_g_idx=("I32", (8,), index))
    values = decoder(INT4, (1, 8), stored).rows(0, 1).values()
    assert values.tolist() == [[0, 1, 20, 3, 40, 5, 60, 7]]


def test_an_index_of_minus_one_says_nothing() -> None:
    stored = int4(weight_g_idx=("I32", (8,), np.full(8, -1, np.int32).tobytes()))
    assert decoder(INT4, (1, 8), stored).rows(0, 1).values()[0, 4] == 40


def test_an_index_beyond_the_groups_cannot_be_decoded() -> None:
    stored = int4(weight_g_idx=("I32", (8,), np.full(8, 2, np.int32).tobytes()))
    with pytest.raises(Undecodable, match="names groups"):
        decoder(INT4, (1, 8), stored)


@pytest.mark.parametrize(
    ("role", "tensor", "words"),
    [
        ("weight_scale", ("I32", (1, 2), bytes(8)), "weight_scale is I32"),
        ("weight_scale", ("F32", (2, 1), bytes(8)), r"weight_scale is F32 \[2, 1\]"),
        ("weight_packed", ("I32", (1, 2), bytes(8)), r"weight_packed is I32 \[1, 2\]"),
    ],
)
def test_other_tensors_than_the_scheme_has(
    role: str, tensor: tuple[str, tuple[int, ...], bytes], words: str
) -> None:
    with pytest.raises(Undecodable, match=words):
        decoder(INT4, (1, 8), int4() | {role: tensor})


def test_a_missing_scale() -> None:
    stored = int4()
    del stored["weight_scale"]
    with pytest.raises(Undecodable, match="weight_scale is missing"):
        decoder(INT4, (1, 8), stored)


def test_blocks_reach_over_the_edge() -> None:
    weights = {"type": "float", "num_bits": 8, "strategy": "block", "block_structure": [2, 2]}
    stored: Stored = {
        "weight": ("F8_E4M3", (3, 3), b"\x38" * 9),  # all 1.0
        "weight_scale": ("F32", (2, 2), np.array([1, 2, 3, 4], np.float32).tobytes()),
    }
    rows = decoder(weights, (3, 3), stored)
    assert rows.rows(0, 3).values().tolist() == [[1, 1, 2], [1, 1, 2], [3, 3, 4]]
    assert rows.rows(1, 3).values().tolist() == [[1, 1, 2], [3, 3, 4]]
