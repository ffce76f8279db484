import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.gate_proj"
SCALE, PACKED = f"{MODULE}.weight_scale", f"{MODULE}.weight_packed"
FILE = "model.safetensors"


@pytest.mark.parametrize("zero", [b"\x00", b"\x80"])
def test_fires_on_a_block_of_nvfp4(zero: bytes, draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-nvfp4").patch(SCALE, zero, 8 * 3 + 2)
    assert messages("V103", broken) == [
        "1 of the 1 zeros stand for weights that are not zero, the first at row 3, column 2"
    ]


@pytest.mark.parametrize(
    "name", ["llama-fp8-dynamic", "llama-fp8-static", "llama-fp8-block", "llama-w4a16"]
)
def test_fires_on_float_scales(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("V103", draft(name).patch(SCALE, bf16(0.0), 0)) == [f"error {FILE}: {SCALE}"]


def test_fires_on_an_exponent_of_zero_over_codes(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-mxfp8").patch(SCALE, b"\0", 7)
    assert findings("V103", broken) == [f"error {FILE}: {SCALE}"]


def test_fires_as_a_warning_over_nothing(draft: Drafts, findings: Judge) -> None:
    # Row 3, block 2: eight bytes of codes, all +0 or -0.
    broken = draft("llama-nvfp4").patch(PACKED, b"\x08\x80" * 4, 3 * 64 + 2 * 8)
    broken.patch(SCALE, b"\0", 8 * 3 + 2)
    assert findings("V103", broken) == [f"warning {FILE}: {SCALE}"]


def test_silent_on_the_exponent_of_a_group_of_zeros(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-mxfp4").patch(PACKED, bytes(16), 5 * 64 + 16)
    kept.patch(SCALE, b"\0", 4 * 5 + 1)
    assert findings("V103", kept) == []


def test_silent_on_the_small_scale_of_a_row_of_zeros(draft: Drafts, findings: Judge) -> None:
    # What compressed-tensors 0.19 writes for it: the eps of BF16.
    kept = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(128), 128 * 4)
    kept.patch(SCALE, bf16(0.0078125), 2 * 4)
    assert findings("V103", kept) == []
