"""The attention backends that we say vLLM takes are those that its own code takes."""

import json
from itertools import product
from pathlib import Path

import msgspec
import pytest

from release.memory.backends import (
    LATENT,
    PLAIN,
    SPARSE,
    Layer,
    choose,
    every_backend,
    takers,
    ways,
)
from release.memory.dtypes import CACHE_DTYPES
from release.memory.serving import Capability
from tests.conftest import ROOT, Run

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

SCRIPT = ROOT / "tests" / "vllm" / "chosen_backends.py"
GPUS = ((7, 5), (8, 0), (8, 9), (9, 0), (10, 0), (10, 3), (11, 0), (12, 1))
HEADS = (16, 64, 80, 96, 100, 128, 192, 256, 512)
NEEDS = ((), ("window",), ("sinks",), ("sinks", "window"), ("cross",), ("joined",), ("scaled",))
DTYPES = ("bfloat16", "float16", "float32")
NAMED = sorted({way.name for way in ways() if way.gpus is not None})


def every_layer() -> list[Layer]:
    caches = sorted(CACHE_DTYPES)
    plain = [
        Layer(head, cache, dtype, PLAIN, frozenset(needs))
        for head, cache, dtype, needs in product(HEADS, caches, DTYPES, NEEDS)
    ]
    latent = [
        Layer(head, cache, dtype, LATENT, unplaced=unplaced)
        for head, cache, dtype, unplaced in product((320, 448, 576), caches, DTYPES, (96, 128, 192))
    ]
    sparse = [
        Layer(576, cache, dtype, SPARSE, unplaced=unplaced, queries=queries)
        for cache, dtype, unplaced, queries in product(caches, DTYPES, (64, 128, 192), (8, 128))
    ]
    return [*plain, *latent, *sparse]


def made_in_vain(gpu: Capability, layer: Layer) -> bool:
    """What Triton refuses when it is made: FlexAttention would take it, were it asked first."""
    return gpu < (8, 0) and layer.cache == "bfloat16" and layer.kind == PLAIN


def test_the_backends_are_those_that_vllm_registers(vllm: Run) -> None:
    registry = "vllm.v1.attention.backends.registry"
    text = f"from {registry} import AttentionBackendEnum as E; print('NAMES', *E.__members__)"
    result = vllm("-c", text)
    assert set(result.stdout.rpartition("NAMES")[2].split()) == every_backend(), result.stderr


def test_vllm_takes_the_backends_that_we_say(vllm: Run, tmp_path: Path) -> None:
    """Every layer on every GPU; which backend may be named for it is asked for one in seven."""
    asked = [pair for pair in product(GPUS, every_layer()) if not made_in_vain(*pair)]
    named = [NAMED if number % 7 == 0 else [] for number, _ in enumerate(asked)]
    cases = tmp_path / "cases.json"
    cases.write_bytes(
        msgspec.json.encode(
            [(gpu, layer, names) for (gpu, layer), names in zip(asked, named, strict=True)]
        )
    )
    result = vllm(SCRIPT, cases)
    assert result.returncode == 0, result.stderr[-3000:]
    answers = json.loads(result.stdout.rpartition("ANSWERS")[2])
    for (gpu, layer), names, (first, told) in zip(asked, named, answers, strict=True):
        assert (gpu, layer, choose(layer, gpu)) == (gpu, layer, first)
        ours = sorted(takers(layer, gpu)) if names else []
        assert (gpu, layer, ours) == (gpu, layer, sorted(told))
