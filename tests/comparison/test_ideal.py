"""Plain rounding of a base is what llm-compressor made of it; what it loses is no fault."""

import msgspec
import numpy as np
import pytest

from release.checkpoint import open_checkpoint
from release.comparison.causes import cause_of
from release.comparison.floors import INT4, NVFP4, floors_of
from release.comparison.folding import Scaled, columns_agree
from release.comparison.ideal import Ideal, measure_ideal, relieved
from release.comparison.measure import measure
from release.comparison.pairing import Slab
from release.comparison.results import Cause, Measure
from release.comparison.views import Matrix, Source
from release.facts import Facts, Level
from release.facts.modules import Modules
from release.quantization.decoding import Decoder
from release.quantization.schemes import Scheme
from tests.conftest import BASES, CHECKPOINTS

DOWN = "model.layers.0.mlp.down_proj"


def opened(name: str) -> tuple[Decoder, Matrix]:
    ours, base = open_checkpoint(CHECKPOINTS / name), open_checkpoint(BASES / "llama")
    modules = Facts({"checkpoint": ours}, Level.HEADERS).get("modules")
    assert isinstance(modules, Modules)
    module = modules.items[DOWN]
    assert isinstance(module.scheme, Scheme)
    assert module.shape is not None
    decoder = Decoder(module.scheme, module.shape, module.tensors, Source(ours).read)
    return decoder, Matrix((Slab(f"{DOWN}.weight"),), Source(base))


@pytest.mark.parametrize(
    "name",
    [
        *("llama-fp8-dynamic", "llama-fp8-weights", "llama-nvfp4a16", "llama-mxfp4", "llama-mxfp8"),
        *("llama-w8a8-int8", "llama-w8a16", "llama-w4a16", "llama-w4a16-asym", "llama-w3a16"),
    ],
)
def test_ideal_is_what_rounding_to_nearest_stores(name: str) -> None:
    decoder, matrix = opened(name)
    floors = floors_of(decoder.scheme, fitted=False)
    stored, ideal = measure(decoder, matrix, floors), measure_ideal(decoder, matrix, floors)
    assert ideal.exact == 1
    assert ideal.sqnr == pytest.approx(stored.sqnr, abs=0.9)
    assert ideal.slope == pytest.approx(stored.slope, abs=0.01)
    assert ideal.flushed == pytest.approx(stored.flushed, abs=0.01)


# Student's t with rows 300 times larger, by GPTQ: llm-compressor wrote it.
MOVED = Measure(
    *(256, 65536, 0.8, 0.74, 0.96, 0.9, 0.5, 0.87, 1.3, 0.0, 0.3),
    worst=None,
    bad_rows=tuple(range(113)),
    dead_rows=(),
)
ROUNDED = msgspec.structs.replace(MOVED, sqnr=12.5, cosine=0.97, near=1.0, exact=1.0, bad_rows=())


def judged(found: Measure, ideal: Measure, *, moved: bool) -> Cause:
    return cause_of(*relieved(found, INT4, ideal, moved=moved), moved=moved)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({}, Cause.NONE),
        ({"stray_rows": (3,)}, Cause.ROWS),
        ({"cosine": 0.6}, Cause.COSINE),
        ({"sqnr": -2.0}, Cause.NOISE),
        ({"near": 0.5}, Cause.COSINE),
    ],
)
def test_rows_that_gptq_moved_far(changes: dict[str, object], cause: Cause) -> None:
    assert judged(msgspec.structs.replace(MOVED, **changes), ROUNDED, moved=True) is cause


@pytest.mark.parametrize(("row", "cause"), [(3, Cause.NONE), (4, Cause.ROWS)])
def test_rows_that_no_rounding_keeps(row: int, cause: Cause) -> None:
    ideal = msgspec.structs.replace(ROUNDED, bad_rows=(3,))
    found = msgspec.structs.replace(ROUNDED, bad_rows=(row,))
    assert judged(found, ideal, moved=False) is cause


def test_small_values_that_plain_rounding_flushes_too() -> None:
    found = msgspec.structs.replace(ROUNDED, flushed=0.9)
    assert cause_of(found, INT4, moved=False) is Cause.RANGE
    assert judged(found, msgspec.structs.replace(found, flushed=0.88), moved=False) is Cause.NONE
    assert judged(found, msgspec.structs.replace(found, flushed=0.70), moved=False) is Cause.RANGE


@pytest.mark.parametrize(
    ("factor", "agree"), [(1.0, True), (2.0, False), (0.5, False), (1e3, False)]
)
@pytest.mark.parametrize("name", ["llama-w4a16", "llama-nvfp4a16", "llama-w8a8-int8"])
def test_one_column_off_among_columns_and_rows_that_are_hard_to_round(
    name: str, factor: float, agree: bool
) -> None:
    decoder, matrix = opened(name)
    rows, columns = decoder.shape
    large = Scaled(
        matrix,
        np.where(np.arange(columns) % 29, 1, 30).astype(np.float32),
        np.where(np.arange(rows) % 37, 1, 300).astype(np.float32),
    )
    off = np.ones(columns, np.float32)
    off[58] = factor
    held = Scaled(
        large, (1 / off).astype(np.float32)
    )  # what a norm's value that is too large makes of its column
    _agreed, wrong = columns_agree(Ideal(decoder, large), Ideal(decoder, held), held)
    assert bool(wrong[58]) is bool(wrong.any()) is not agree


def test_scales_of_blocks_are_eight_bits() -> None:
    """One row so large that the scales of all others are next to nothing."""
    decoder, matrix = opened("llama-nvfp4a16")
    rows = np.ones(decoder.shape[0], np.float32)
    rows[0] = 1e6
    ideal = measure_ideal(decoder, Scaled(matrix, None, rows), NVFP4)
    assert ideal.flushed > 0.95
    assert len(ideal.dead_rows) > 100
