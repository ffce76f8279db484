"""In whatever form a base stores a weight, a view reads the weight itself."""

import numpy as np
import numpy.typing as npt
import pytest

from release.checkpoint import open_checkpoint
from release.comparison.pairing import Slab
from release.comparison.views import Matrix, Source, Unreadable
from release.quantization.decoding import to_float32
from release.quantization.decoding.floats import E2M1
from tests.conftest import CHECKPOINTS, Compare, Drafts
from tests.mutate import Draft, Entry, read_shard

NORM = "model.norm.weight"
EXPERTS = "model.layers.0.mlp.experts"
Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@pytest.fixture
def origin(draft: Drafts) -> Draft:
    return draft("llama-nvfp4")


def put(origin: Draft, name: str, dtype: str, values: npt.NDArray[np.generic]) -> None:
    shape = list(values.shape)
    if dtype == "BF16":
        values = (values.view(np.uint32) >> 16).astype(np.uint16)
    origin.add(name, dtype, shape, beside=NORM).store(name, values.tobytes())


def read(origin: Draft, slab: Slab, start: int, stop: int) -> Array:
    matrix = Matrix((slab,), Source(open_checkpoint(origin.path)))
    assert matrix.dtypes == {"F32"}
    return matrix.read(start, stop)


def codes(*shape: int) -> tuple[Bytes, Array]:
    """FP8 codes that are numbers, and these."""
    raw = np.random.default_rng(0).integers(0, 0x7F, shape, np.uint8)
    return raw, to_float32(raw.tobytes(), "F8_E4M3").reshape(shape)


def exponents(*shape: int) -> Bytes:
    return np.random.default_rng(1).integers(120, 130, shape, np.uint8)


def powers(raw: Bytes) -> Array:
    return np.ldexp(np.float32(1), raw.astype(np.int32) - 127).astype(np.float32)


def spread(scales: Array, height: int, width: int) -> Array:
    return np.repeat(np.repeat(scales, height, axis=-2), width, axis=-1)


@pytest.mark.parametrize("block", [(64, 32), (128, 128), (1, 32), (16, 256)])
def test_a_declared_block_of_any_size(origin: Draft, block: tuple[int, int]) -> None:
    raw, values = codes(200, 300)
    grid = -(-200 // block[0]), -(-300 // block[1])
    scales = exponents(*grid)
    origin.config("quantization_config.weight_block_size", list(block))
    put(origin, "wide.weight", "F8_E4M3", raw)
    put(origin, "wide.weight_scale_inv", "F8_E8M0", scales)
    expected = values * spread(powers(scales), *block)[:200, :300]
    assert (read(origin, Slab("wide.weight"), 60, 140) == expected[60:140]).all()


@pytest.mark.parametrize("transposed", [False, True])
def test_a_stack_of_fp8_experts_in_blocks(origin: Draft, *, transposed: bool) -> None:
    raw, values = codes(3, 256, 384)
    scales = np.random.default_rng(2).random((3, 2, 3), np.float32)
    put(origin, f"{EXPERTS}.gate_up_proj", "F8_E4M3", raw)
    put(origin, f"{EXPERTS}.gate_up_proj_scale_inv", "F32", scales)
    expected = (values * spread(scales, 128, 128))[1]
    slab = Slab(f"{EXPERTS}.gate_up_proj", 1, 201, 2, 1, transposed)
    rows = (expected.T if transposed else expected)[1:201:2]
    assert (read(origin, slab, 10, 90) == rows[10:90]).all()


@pytest.mark.parametrize("shape", [(3, 1, 384), (3, 1, 1), (3, 256, 1), (3,), (1,)])
def test_scales_of_a_stack_in_every_shape(origin: Draft, shape: tuple[int, ...]) -> None:
    raw, values = codes(3, 256, 384)
    scales = np.array([0.5, 2, 4, 8], np.float32)[np.arange(np.prod(shape)) % 4].reshape(shape)
    put(origin, f"{EXPERTS}.down_proj", "F8_E4M3", raw)
    put(origin, f"{EXPERTS}.down_proj_scale", "BF16", scales)
    whole = scales if len(shape) == 3 else scales.reshape(-1, 1, 1)
    slab = Slab(f"{EXPERTS}.down_proj", 0, 256, 1, 2)
    assert (read(origin, slab, 3, 250) == (values * whole)[2][3:250]).all()


def test_the_experts_of_gpt_oss(origin: Draft) -> None:
    raw = np.random.default_rng(3).integers(0, 256, (2, 64, 4, 16), np.uint8)
    scales = exponents(2, 64, 4)
    put(origin, f"{EXPERTS}.gate_up_proj_blocks", "U8", raw)
    put(origin, f"{EXPERTS}.gate_up_proj_scales", "U8", scales)
    pairs = np.stack([raw & 15, raw >> 4], axis=-1).reshape(2, 64, 128)
    expected = (E2M1[pairs] * spread(powers(scales), 1, 32))[1, 1::2]
    slab = Slab(f"{EXPERTS}.gate_up_proj", 1, 64, 2, 1)
    assert (read(origin, slab, 0, 32) == expected).all()


def test_fp4_in_bytes_with_exponents_beside(origin: Draft) -> None:
    raw = np.random.default_rng(4).integers(-128, 128, (64, 80), np.int8)
    scales = exponents(64, 5)
    put(origin, "wide.weight", "I8", raw)
    put(origin, "wide.weight_scale_inv", "F8_E8M0", scales)
    unsigned = raw.view(np.uint8)
    pairs = np.stack([unsigned & 15, unsigned >> 4], axis=-1).reshape(64, 160)
    expected = E2M1[pairs] * spread(powers(scales), 1, 32)
    assert (read(origin, Slab("wide.weight"), 7, 60) == expected[7:60]).all()


@pytest.mark.parametrize("shape", [(7, 3), (100, 0), (0,), (100, 100, 1)])
def test_scales_of_a_shape_that_fits_nothing(origin: Draft, shape: tuple[int, ...]) -> None:
    put(origin, "wide.weight", "F8_E4M3", codes(100, 100)[0])
    put(origin, "wide.weight_scale_inv", "F32", np.ones(shape, np.float32))
    with pytest.raises(Unreadable, match="have no form that is known"):
        read(origin, Slab("wide.weight"), 0, 1)


@pytest.mark.parametrize(
    "name",
    ["llama-fp8-block", "llama-nvfp4", "llama-mxfp8", "llama-w3a16", "llama-w8a8-static-asym"],
)
def test_a_base_of_compressed_tensors_is_decoded(
    name: str, draft: Drafts, compare: Compare
) -> None:
    ours, origin = draft(name), draft(name)
    norm = np.frombuffer(origin.values("model.norm.weight"), "<u2").astype("<u4") << 16
    put(origin, "model.norm.weight", "F32", norm)  # wider: else it would be ours again
    assert compare(ours, origin) == []
    other = "model.layers.1.mlp.gate_proj", "model.layers.1.mlp.up_proj"
    for role in ("weight", "weight_packed", "weight_scale"):
        if f"{other[0]}.{role}" in ours.tensors():
            ours.exchange(*(f"{module}.{role}" for module in other))
    assert {f"B108 error {module}" for module in other} <= set(compare(ours, draft(name)))


def gpt_oss_base(draft: Drafts) -> Draft:
    """gpt-oss as it is published, from what llm-compressor made of it: experts in a stack."""
    made = read_shard(CHECKPOINTS / "gpt_oss-mxfp4" / "model.safetensors")
    origin = draft("gpt_oss-mxfp4").config("quantization_config", {"quant_method": "mxfp4"})
    quantized = [n.removesuffix(".weight_packed") for n in made if n.endswith(".weight_packed")]
    stacks: dict[str, list[str]] = {}
    for module in quantized:
        block, experts, number = module.partition(".experts.")
        if experts:
            stacks.setdefault(f"{block}.experts", []).append(number)
        else:
            put(origin, f"{module}.weight", "BF16", mxfp4(*bytes_of(made, module)))
    for block, names in stacks.items():
        numbers = sorted({int(name.partition(".")[0]) for name in names})
        part = {
            name: [bytes_of(made, f"{block}.{number}.{name}_proj") for number in numbers]
            for name in ("gate", "up", "down")
        }
        for place, suffix in enumerate(("blocks", "scales")):
            gate, up, down = (np.stack([e[place] for e in part[n]]) for n in part)
            both = np.stack([gate, up], axis=2).reshape(len(numbers), -1, gate.shape[-1])
            for name, grid in (("gate_up_proj", both), ("down_proj", down)):
                grouped = grid.reshape(*grid.shape[:2], -1, 16) if suffix == "blocks" else grid
                put(origin, f"{block}.{name}_{suffix}", "U8", grouped)
    for module in quantized:
        origin.drop(f"{module}.weight_packed").drop(f"{module}.weight_scale")
    return origin


def bytes_of(made: dict[str, Entry], module: str) -> tuple[Bytes, Bytes]:
    packed, scale = (made[f"{module}.{role}"] for role in ("weight_packed", "weight_scale"))
    both = [np.frombuffer(raw, np.uint8).reshape(shape) for _, shape, raw in (packed, scale)]
    return both[0], both[1]


def mxfp4(packed: Bytes, scale: Bytes) -> Array:
    pairs = np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(packed), -1)
    values: Array = E2M1[pairs] * spread(powers(scale), 1, 32)
    return values


def test_gpt_oss_against_its_published_form(draft: Drafts, compare: Compare) -> None:
    ours, origin = draft("gpt_oss-mxfp4"), gpt_oss_base(draft)
    assert compare(ours, origin) == []
    one, other = (f"{EXPERTS}.{number}.up_proj" for number in (1, 2))
    for role in ("weight_packed", "weight_scale"):
        ours.exchange(f"{one}.{role}", f"{other}.{role}")
    assert compare(ours, origin) == [f"B108 error {module}" for module in (one, other)]
