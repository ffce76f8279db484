import struct
from typing import Any

import msgspec
import pytest

from release.facts.reference.pairs import Made, Pair, TheirWeights
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference
UP = "model.layers.0.mlp.up_proj"
RELEASE = "in release 0.5 and 100"
OURS = Made((256, 128), largest=0.5, total=100.0)


def said(**made: Any) -> dict[str, Any]:
    theirs = msgspec.structs.replace(OURS, **made)
    return {"their_weights": TheirWeights("ct 9", (Pair(UP, OURS, theirs),))}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"refusal": "ValueError: no"}, f"error {UP}: ct 9 cannot decompress it: ValueError: no"),
        (
            {"shape": (128, 256)},
            f"error {UP}: ct 9 makes it [128, 256], release reads [256, 128]",
        ),
        (
            {"total": 200.0},
            f"warning {UP}: in ct 9 its largest value is 0.5 and all add up to 200; {RELEASE}",
        ),
    ],
)
def test_fires_on_a_difference(
    made: dict[str, Any], message: str, draft: Drafts, asked: Asked
) -> None:
    assert asked("R107", draft("llama-nvfp4"), **said(**made)) == [message]


@pytest.mark.parametrize("made", [{"total": 100.4}, {"largest": float("nan"), "total": 100.0}])
def test_silent_on_rounding_and_on_what_is_no_number(
    made: dict[str, Any], draft: Drafts, asked: Asked
) -> None:
    assert asked("R107", draft("llama-nvfp4"), **said(**made)) == []


def test_fires_when_the_package_reads_another_shape(draft: Drafts, asked: Asked) -> None:
    broken = draft("llama-w4a16")
    first = next(n for n in broken.tensors() if n.endswith("weight_shape"))
    broken.patch(first, struct.pack("<2q", 64, 64))
    found = asked("R107", broken)
    assert found
    assert all(each.startswith(f"error {first.removesuffix('.weight_shape')}") for each in found)


@pytest.mark.parametrize(
    "name", ["demo", "llama-w4a16-embedding", "llama-w4a16-asym", "glm4_moe-fp8-block"]
)
def test_silent_where_both_make_the_same(name: str, draft: Drafts, asked: Asked) -> None:
    assert asked("R107", draft(name)) == []


def test_silent_on_what_is_not_stored_as_declared(draft: Drafts, asked: Asked) -> None:
    assert asked("R107", draft("llama-nvfp4").drop(f"{UP}.weight_scale")) == []


def test_silent_when_the_package_refuses_the_declaration(draft: Drafts, asked: Asked) -> None:
    broken = draft("llama-nvfp4").config("quantization_config.global_compression_ratio", "much")
    assert asked("R107", broken) == []
