"""Layouts that the pinned compressed_tensors does not write: those of other releases."""

import pytest

from release.checkpoint import TensorInfo
from release.quantization.config import parse_quantization
from release.quantization.layout import read_layout
from release.quantization.schemes import Scheme, scheme_of

OUT, IN = 64, 128
MX = {"num_bits": 6, "type": "float", "strategy": "group", "group_size": 32}


def scheme(name: str, **group: object) -> Scheme:
    targets = {"targets": ["Linear"], **group} if group else ["Linear"]
    config = parse_quantization({"config_groups": {name: targets}})
    assert config.problems == ()
    found = scheme_of(config.groups[0], config)
    assert isinstance(found, Scheme)
    return found


def tensors(**stored: tuple[str, tuple[int, ...]]) -> dict[str, TensorInfo]:
    return {role: TensorInfo(*info, "", 0, 0) for role, info in stored.items()}


# Written by compressed-tensors 0.20.0 for a Linear of 64 x 128: four values in three bytes.
SIX = {"weight_packed": ("U8", (64, 96)), "weight_scale": ("U8", (64, 4))}


@pytest.mark.parametrize("name", ["MXFP6A16", "MXFP6A8"])
def test_four_values_of_six_bits_fill_three_bytes(name: str) -> None:
    found = scheme(name)
    assert found.name == name
    assert found.format == "mxfp6-pack-quantized"
    layout = read_layout(found, tensors(**SIX), None)
    assert layout.shape == (OUT, IN)
    assert layout.differences == ()


def test_six_bits_are_told_from_four() -> None:
    layout = read_layout(scheme("MXFP4"), tensors(**SIX), (OUT, IN))
    assert layout.looks_like is not None
    assert layout.looks_like.weights.num_bits == 6


def test_four_bits_beside_eight_are_stored_as_alone() -> None:
    assert scheme("MXFP4XFP8").slots == scheme("MXFP4").slots
    assert scheme("MXFP4XFP8").name == "MXFP4XFP8"


def test_a_group_index_of_older_releases_is_known() -> None:
    # 0.12 to 0.18 wrote one for actorder "group"; it is no fault of the tensors.
    args = {"num_bits": 4, "strategy": "group", "group_size": 128, "actorder": "group"}
    packed = scheme("group_0", weights=args)
    stored = tensors(
        weight_packed=("I32", (64, 16)),
        weight_scale=("BF16", (64, 1)),
        weight_shape=("I64", (2,)),
        weight_g_idx=("I32", (128,)),
    )
    assert read_layout(packed, stored, None).differences == ()


def test_integers_were_packed_beside_quantized_activations() -> None:
    # One byte for each value since 0.14 at least; files packed in words exist: the format tells.
    args = {
        "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128},
        "input_activations": {
            "num_bits": 8,
            "type": "float",
            "strategy": "token",
            "dynamic": True,
        },
    }
    assert scheme("old", format="pack-quantized", **args).weight.role == "weight_packed"
    assert scheme("new", **args).weight.role == "weight"
