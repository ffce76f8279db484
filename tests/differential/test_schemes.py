"""The table of tensors against what compressed_tensors' own compressors write."""

from typing import Any

import pytest

from release.checkpoint import TensorInfo
from release.quantization.config import parse_quantization
from release.quantization.layout import compare
from release.quantization.schemes import Scheme, cache_slots, evaluate, scheme_of

torch = pytest.importorskip("torch")
pytest.importorskip("compressed_tensors")
from compressed_tensors.compressors.base import compress_module  # noqa: E402
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme  # noqa: E402
from compressed_tensors.quantization.lifecycle.initialize import (  # noqa: E402
    initialize_module_for_quantization,
    initialize_qparams,
)
from compressed_tensors.quantization.quant_scheme import PRESET_SCHEMES  # noqa: E402

pytestmark = pytest.mark.reference

DTYPES = {
    "torch.bfloat16": "BF16",
    "torch.float16": "F16",
    "torch.float32": "F32",
    "torch.float8_e4m3fn": "F8_E4M3",
    "torch.uint8": "U8",
    "torch.int8": "I8",
    "torch.int16": "I16",
    "torch.int32": "I32",
    "torch.int64": "I64",
}
FLOATS = (torch.bfloat16, torch.float16, torch.float32)
SIZES = [(64, 128), (96, 256), (130, 128), (1, 384), (576, 640)]

FLOAT8 = {"num_bits": 8, "type": "float"}
E8M0 = {"scale_dtype": "torch.uint8", "zp_dtype": "torch.uint8"}
STATIC8 = {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": False}
STATIC_INT8 = {"num_bits": 8, "type": "int", "strategy": "tensor", "dynamic": False}
TOKEN8 = {"num_bits": 8, "type": "int", "strategy": "token", "dynamic": True}


def _integers() -> dict[str, dict[str, Any]]:
    """Weights of 2 to 8 bits: every granularity, symmetric or not."""
    granularities: dict[str, dict[str, Any]] = {
        "tensor": {"strategy": "tensor"},
        "channel": {"strategy": "channel"},
        "channel-1": {"strategy": "channel", "group_size": -1},
        "g32": {"strategy": "group", "group_size": 32},
        "g64-static": {"strategy": "group", "group_size": 64, "actorder": "static"},
        "g128": {"strategy": "group", "group_size": 128},
        "block": {"strategy": "block", "block_structure": [128, 128]},
    }
    return {
        f"int{bits}-{name}-{'sym' if symmetric else 'asym'}": {
            "weights": {"num_bits": bits, "type": "int", "symmetric": symmetric, **how}
        }
        for bits in range(2, 9)
        for name, how in granularities.items()
        for symmetric in (True, False)
    }


VARIANTS: dict[str, dict[str, Any]] = {
    **_integers(),
    "int8-static": {
        "weights": {"num_bits": 8, "strategy": "channel"},
        "input_activations": STATIC_INT8,
    },
    "int8-static-asym": {
        "weights": {"num_bits": 8, "strategy": "channel"},
        "input_activations": STATIC_INT8 | {"symmetric": False},
    },
    "int8-outputs": {
        "weights": {"num_bits": 8, "strategy": "tensor"},
        "input_activations": STATIC_INT8,
        "output_activations": STATIC_INT8 | {"symmetric": False},
    },
    "int8-asym-weights": {
        "weights": {"num_bits": 8, "strategy": "channel", "symmetric": False},
        "input_activations": TOKEN8,
    },
    "int4-packed-with-inputs": {
        "weights": {"num_bits": 4, "strategy": "group", "group_size": 32},
        "input_activations": TOKEN8,
        "format": "pack-quantized",
    },
    "int4-not-packed": {
        "weights": {"num_bits": 4, "strategy": "group", "group_size": 32, "symmetric": False},
        "format": "int-quantized",
    },
    "int16": {"weights": {"num_bits": 16, "strategy": "channel"}},
    "fp8-weights": {"weights": FLOAT8 | {"strategy": "channel"}},
    "fp8-weights-tensor": {"weights": FLOAT8 | {"strategy": "tensor"}},
    "fp8-channel-static": {
        "weights": FLOAT8 | {"strategy": "channel"},
        "input_activations": STATIC8,
    },
    "fp8-outputs": {
        "weights": FLOAT8 | {"strategy": "tensor"},
        "input_activations": STATIC8,
        "output_activations": STATIC8,
    },
    "fp8-groups": {"weights": FLOAT8 | {"strategy": "group", "group_size": 64}},
    "fp8-groups-of-32": {"weights": FLOAT8 | {"strategy": "group", "group_size": 32}},
    "fp8-block-64": {"weights": FLOAT8 | {"strategy": "block", "block_structure": [64, 32]}},
    "fp8-static-groups": {
        "weights": FLOAT8 | {"strategy": "channel"},
        "input_activations": STATIC8 | {"strategy": "group", "group_size": 64},
    },
    "nvfp4-without-dtype": {
        "weights": {
            "num_bits": 4,
            "type": "float",
            "strategy": "tensor_group",
            "group_size": 16,
        }
    },
    "nvfp4-static-inputs": {
        "weights": PRESET_SCHEMES["NVFP4"]["weights"].model_dump(mode="json"),
        "input_activations": PRESET_SCHEMES["NVFP4"]["input_activations"].model_dump(mode="json")
        | {"dynamic": False},
    },
    "nvfp4-group": {
        "weights": {"num_bits": 4, "type": "float", "strategy": "group", "group_size": 16}
    },
    "nvfp4-fp8-inputs": {
        "weights": PRESET_SCHEMES["NVFP4"]["weights"].model_dump(mode="json"),
        "input_activations": STATIC8,
    },
    "mxfp4-fp8-inputs": {
        "weights": PRESET_SCHEMES["MXFP4"]["weights"].model_dump(mode="json"),
        "input_activations": FLOAT8 | {"strategy": "token", "dynamic": True},
    },
}


def _compressed(scheme: Any, module: Any) -> dict[str, TensorInfo]:
    """Compress a module of random weights as llm-compressor's save does."""
    initialize_module_for_quantization(module, scheme)
    for name, parameter in module.named_parameters():
        if name.endswith("_scale"):
            parameter.data.fill_(1)
        elif name == "weight":
            parameter.data.normal_(0, 0.02)
    compress_module(module)
    return {
        name: TensorInfo(DTYPES[str(tensor.dtype)], tuple(tensor.shape), "", 0, 0)
        for name, tensor in module.state_dict().items()
    }


def _ours(group: Any) -> Scheme:
    raw = {"config_groups": {"group_0": group.model_dump(mode="json")}}
    config = parse_quantization(raw)
    assert config.problems == ()
    scheme = scheme_of(config.groups[0], config)
    assert isinstance(scheme, Scheme), scheme
    return scheme


def _agree(group: Any, module: Any, size: tuple[int, int]) -> None:
    scheme = _ours(group)
    stored = _compressed(group, module)
    assert group.format == scheme.format
    required = {slot.role for slot in scheme.slots if slot.required}
    assert set(stored) == required
    assert list(compare(scheme, stored, size)) == []
    for slot in scheme.slots:
        if slot.role in stored:
            assert stored[slot.role].shape == scheme.expected_shape(slot, *size), slot


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", sorted(set(PRESET_SCHEMES) - {"UNQUANTIZED"}))
def test_every_preset_is_in_the_table(name: str, size: tuple[int, int]) -> None:
    group = QuantizationScheme(targets=["Linear"], **PRESET_SCHEMES[name])
    group = group.model_copy(deep=True)
    linear = torch.nn.Linear(size[1], size[0], bias=False, dtype=torch.bfloat16)
    _agree(group, linear, size)


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_every_variant_is_in_the_table(name: str) -> None:
    group = QuantizationScheme(targets=["Linear"], **VARIANTS[name])
    dtype = FLOATS[sorted(VARIANTS).index(name) % len(FLOATS)]
    linear = torch.nn.Linear(256, 130, bias=False, dtype=dtype)
    _agree(group, linear, (130, 256))


@pytest.mark.parametrize("name", ["W4A16", "W4A16_ASYM", "W8A16", "FP8_DYNAMIC", "NVFP4A16"])
def test_an_embedding_is_stored_as_a_linear(name: str) -> None:
    group = QuantizationScheme(targets=["Embedding"], **PRESET_SCHEMES[name])
    group = group.model_copy(deep=True, update={"input_activations": None})
    embedding = torch.nn.Embedding(1000, 256, dtype=torch.bfloat16)
    _agree(group, embedding, (1000, 256))


@pytest.mark.parametrize("strategy", ["tensor", "attn_head"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_every_cache_scheme_is_in_the_table(*, strategy: str, symmetric: bool) -> None:
    kind = "float" if symmetric else "int"
    args = QuantizationArgs(num_bits=8, type=kind, strategy=strategy, symmetric=symmetric)
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.bfloat16))
    for name, heads in (("q", 8), ("k", 2), ("v", 2)):
        shape = (heads, None, 64)
        initialize_qparams(module, name, args, shape, torch.bfloat16, force_zero_point=False)
    raw = {"config_groups": {}, "kv_cache_scheme": args.model_dump(mode="json")}
    scheme = parse_quantization(raw).kv_cache_scheme
    assert scheme is not None
    slots = {slot.role: slot for slot in cache_slots(scheme)}
    words = {"heads": 8, "kv_heads": 2}
    stored = {name: tensor for name, tensor in module.named_parameters() if name != "weight"}
    assert set(stored) == set(slots)
    for name, tensor in stored.items():
        assert DTYPES[str(tensor.dtype)] in slots[name].dtypes
        assert tuple(tensor.shape) == tuple(evaluate(dim, words) for dim in slots[name].shape)
