"""A base that is published in FP8 itself, as DeepSeek's and Qwen's are."""

import json

import numpy as np
import pytest

from release.checkpoint import open_checkpoint
from release.comparison.pairing import Slab
from release.comparison.views import Matrix, Source
from release.facts import Facts, Level
from release.quantization.decoding import to_float32
from tests.conftest import CHECKPOINTS, Compare, Drafts
from tests.mutate import Draft, read_shard

NORM = "model.norm.weight"
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def published_in_fp8(base: Draft, scheme: str, suffix: str) -> Draft:
    """Replace every Linear of the base by what llm-compressor made of it in FP8."""
    stored = read_shard(CHECKPOINTS / scheme / "model.safetensors")
    for tensor in base.tensors():
        if tensor.removesuffix(".weight").endswith(LINEARS):
            for role, name in (("weight", tensor), ("weight_scale", f"{tensor}{suffix}")):
                dtype, shape, values = stored[tensor.replace("weight", role)]
                if role != "weight":
                    values = to_float32(values, dtype).tobytes()
                    base.add(name, "F32", shape, beside=NORM).store(name, values)
                else:
                    base.retype(name, dtype, shape).store(name, values)
    configuration = json.loads((CHECKPOINTS / scheme / "config.json").read_text())
    return base.edit("config.json", "quantization_config", configuration["quantization_config"])


@pytest.mark.parametrize(
    ("scheme", "suffix"),
    [("llama-fp8-dynamic", "_scale_inv"), ("llama-fp8-static", "_scale")],
)
def test_scales_of_the_base_are_taken_into_account(
    scheme: str, suffix: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = published_in_fp8(base("llama"), scheme, suffix)
    ours = draft("llama-nvfp4").remove("recipe.yaml")  # its codes were not made from FP8
    assert compare(ours, origin) == []


def test_scales_in_blocks(draft: Drafts, base: Drafts, compare: Compare) -> None:
    name = "model.layers.0.mlp.gate_proj.weight"
    origin, ours = base("llama"), draft("llama-nvfp4").remove("recipe.yaml")
    values = to_float32(origin.values(name), "BF16").reshape(256, 128)
    scales = np.array([[0.001], [0.002]], np.float32)
    scaled = values / np.repeat(scales, 128, axis=0)
    codes = np.abs(to_float32(bytes(range(127)), "F8_E4M3")[None] - np.abs(scaled).reshape(-1, 1))
    raw = (codes.argmin(axis=1) | np.where(scaled.reshape(-1) < 0, 0x80, 0)).astype(np.uint8)
    origin.retype(name, "F8_E4M3", [256, 128]).store(name, raw.tobytes())
    inverse = f"{name}_scale_inv"
    origin.add(inverse, "F32", [2, 1], beside=NORM)
    origin.store(inverse, scales.tobytes())
    assert compare(ours, origin) == []
    origin.store(inverse, (scales * 2).tobytes())
    assert compare(ours, origin) == ["B107 error model.layers.0.mlp.gate_proj"]


def test_a_weight_that_was_left_unquantized(draft: Drafts, base: Drafts, compare: Compare) -> None:
    head = "lm_head.weight"
    origin, ours = base("llama"), draft("llama-nvfp4")
    rows, columns = origin.shape(head)
    codes = np.random.default_rng(0).integers(0, 0x7F, rows * columns, np.uint8).tobytes()
    scale = np.full(1, 2**-9, np.float32)  # exact, as the product is in BF16
    origin.retype(head, "F8_E4M3", [rows, columns]).store(head, codes)
    origin.add(f"{head}_scale", "F32", [1], beside=NORM).store(f"{head}_scale", scale.tobytes())
    words = (to_float32(codes, "F8_E4M3") * scale).view("<u4") >> 16
    ours.store(head, words.astype("<u2").tobytes())
    assert compare(ours, origin) == []
    ours.store(head, (words + 1).astype("<u2").tobytes())
    assert compare(ours, origin) == [f"B104 warning {head}"]


def test_blocks_as_many_as_rows_are_blocks(draft: Drafts) -> None:
    """128 blocks of one matrix of 128 rows, as in DeepSeek-V3's o_proj (7168 x 16384)."""
    origin = draft("llama-nvfp4").add("wide.weight", "F8_E4M3", [128, 16384], beside=NORM)
    one = b"\x38"  # 1.0 as E4M3
    origin.store("wide.weight", one * (128 * 16384))
    origin.add("wide.weight_scale_inv", "F32", [1, 128], beside=NORM)
    scales = np.arange(1, 129, dtype=np.float32)
    origin.store("wide.weight_scale_inv", scales.tobytes())
    matrix = Matrix((Slab("wide.weight"),), Source(open_checkpoint(origin.path)))
    assert matrix.dtypes == {"F32"}
    assert (matrix.read(5, 9) == np.repeat(scales, 128)).all()


def test_a_form_that_is_not_read_is_said_so(draft: Drafts, base: Drafts) -> None:
    name = "model.layers.0.mlp.gate_proj.weight"
    origin = base("llama").retype(name, "F8_E4M3", [256, 128])
    given = {
        "checkpoint": open_checkpoint(draft("llama-nvfp4").path),
        "base": open_checkpoint(origin.path),
    }
    reasons = Facts(given, Level.BASE).get("comparison").uncompared
    assert reasons == {name.removesuffix(".weight"): f"{name} of the base is F8_E4M3"}
