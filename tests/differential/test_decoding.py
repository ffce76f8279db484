"""Our decoder against compressed_tensors' own compressors and decompressors."""

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.compressors.format import infer_module_format
from compressed_tensors.quantization import QuantizationScheme
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam
from safetensors.torch import save_file

from release.checkpoint import open_checkpoint
from release.quantization.config import parse_quantization
from release.quantization.decoding import Decoder
from release.quantization.schemes import Scheme, scheme_of

pytestmark = pytest.mark.reference

ROWS, COLUMNS = 160, 256
INT: dict[str, Any] = {"type": "int", "num_bits": 4}
FP8: dict[str, Any] = {"type": "float", "num_bits": 8}
FP4: dict[str, Any] = {"type": "float", "num_bits": 4}
E4M3, E8M0 = {"scale_dtype": "torch.float8_e4m3fn"}, {"scale_dtype": "torch.uint8"}
INPUTS = {"type": "int", "num_bits": 8, "strategy": "token", "dynamic": True}
BLOCK: dict[str, Any] = {"strategy": "block", "block_structure": [128, 128]}


def integers() -> list[dict[str, Any]]:
    spreads: tuple[dict[str, Any], ...] = (
        {"strategy": "channel"},
        {"strategy": "group", "group_size": 32},
    )
    return [
        {"weights": {"type": "int", "num_bits": bits, "symmetric": symmetric, **spread}}
        for bits, symmetric, spread in product(range(2, 9), (True, False), spreads)
    ]


GROUPS: list[dict[str, Any]] = [
    *integers(),
    {"weights": INT | {"strategy": "group", "group_size": 128}, "input_activations": INPUTS},
    {"weights": INT | {"num_bits": 8, "strategy": "channel"}, "input_activations": INPUTS},
    {"weights": INT | {"num_bits": 8, "strategy": "tensor"}, "input_activations": INPUTS},
    {"weights": FP8 | {"strategy": "tensor"}},
    {"weights": FP8 | {"strategy": "channel"}},
    {"weights": FP8 | BLOCK},
    {"weights": FP8 | E8M0 | {"strategy": "group", "group_size": 32}},
    {"weights": FP4 | E8M0 | {"strategy": "group", "group_size": 32}},
    {"weights": FP4 | E4M3 | {"strategy": "tensor_group", "group_size": 16}},
]


def label(group: dict[str, Any]) -> str:
    args = group["weights"]
    size = args.get("group_size") or ""
    kind = "" if args.get("symmetric", True) else "-asym"
    inputs = "-inputs" if "input_activations" in group else ""
    return f"{args['type']}{args['num_bits']}-{args['strategy']}{size}{kind}{inputs}"


def compress(group: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Quantize a random weight as llm-compressor does; its stored tensors and its values."""
    torch.manual_seed(7)
    scheme = QuantizationScheme(targets=["Linear"], **group)
    args = scheme.weights
    weight = torch.randn(ROWS, COLUMNS) * torch.logspace(-2, 0, ROWS)[:, None]
    height, width = {
        "tensor": (ROWS, COLUMNS),
        "channel": (1, COLUMNS),
        "block": (128, 128),
    }.get(args.strategy, (1, args.group_size))
    tall, wide = -(-ROWS // height), -(-COLUMNS // width)
    padded = torch.zeros(tall * height, wide * width)
    padded[:ROWS, :COLUMNS] = weight
    units = padded.reshape(tall, height, wide, width).transpose(1, 2).flatten(2)
    least, most = units.amin(-1), units.amax(-1)
    if args.strategy == "tensor":
        least, most = least.flatten(), most.flatten()
    divisor = None
    if args.strategy == "tensor_group":
        divisor = generate_gparam(weight.amin().reshape(1), weight.amax().reshape(1))
    scale, zero = calculate_qparams(least, most, args, global_scale=divisor)
    state = {"weight": weight, "weight_scale": scale.float(), "weight_zero_point": zero}
    if divisor is not None:
        state["weight_global_scale"] = divisor
    compressor = BaseCompressor.get_value_from_registry(
        infer_module_format(torch.nn.Linear, scheme).value
    )
    stored = compressor.compress(state, scheme)
    return stored, compressor.decompress(stored, scheme)["weight"]


@pytest.mark.parametrize("group", GROUPS, ids=label)
def test_every_scheme_decodes_to_what_compressed_tensors_makes(
    group: dict[str, Any], tmp_path: Path
) -> None:
    stored, expected = compress(group)
    tensors = {f"m.{role}": tensor.contiguous() for role, tensor in stored.items()}
    save_file(tensors, tmp_path / "model.safetensors")
    checkpoint = open_checkpoint(tmp_path)
    config = parse_quantization({"config_groups": {"g": {"targets": ["Linear"], **group}}})
    scheme = scheme_of(config.groups[0], config)
    assert isinstance(scheme, Scheme)
    infos = {name.removeprefix("m."): info for name, info in checkpoint.tensors.items()}
    decoder = Decoder(
        scheme,
        (ROWS, COLUMNS),
        infos,
        lambda info, at, count: checkpoint.source.read(info.shard, info.start + at, count),
    )
    edges = [0, 1, 33, 128, 131, ROWS]  # inside blocks and inside words of zero points
    parts = [decoder.rows(start, stop).values() for start, stop in pairwise(edges)]
    ours = torch.cat([torch.from_numpy(part) for part in parts])
    assert torch.equal(ours.to(expected.dtype), expected)
