import pytest

from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.gate_proj"
FILE = "model.safetensors"
E4M3_HALVED = 8  # codes: one step of the exponent


def halved(code: int) -> int:
    """An FP8 code of half the value; the smallest become zero."""
    magnitude = code & 0x7F
    return (code & 0x80) | max(0, magnitude - 2 * E4M3_HALVED)


@pytest.mark.parametrize(
    "name", ["llama-fp8-dynamic", "llama-fp8-static", "llama-fp8-block", "llama-mxfp8"]
)
def test_fires_on_fp8_codes_that_use_a_quarter(name: str, draft: Drafts, findings: Judge) -> None:
    broken = draft(name)
    broken.patch(f"{MODULE}.weight", bytes(map(halved, broken.bytes_of(f"{MODULE}.weight"))))
    assert findings("V116", broken) == [f"warning {FILE}: {MODULE}.weight"]


def test_fires_on_fp8_codes_that_are_cut_off(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic")
    raw = broken.bytes_of(f"{MODULE}.weight")
    cut = bytes(code & 0x80 | min(0x7E, (code & 0x7F) + 16) for code in raw)
    broken.patch(f"{MODULE}.weight", cut)
    assert findings("V116", broken) == [f"warning {FILE}: {MODULE}.weight"]


def test_fires_on_fp4_codes_that_stay_small(draft: Drafts, messages: Judge) -> None:
    name = f"{MODULE}.weight_packed"
    broken = draft("llama-nvfp4")
    small = bytes.maketrans(
        bytes(range(256)),
        bytes(min(b & 7, 4) | b & 8 | min(b >> 4 & 7, 4) << 4 | b & 0x80 for b in range(256)),
    )
    broken.patch(name, broken.bytes_of(name).translate(small))
    # 256 rows of 128 weights, 16 to a scale.
    assert messages("V116", broken) == [
        "in 2,048 of 2,048 units of a scale no code reaches half of the range"
    ]


def test_fires_on_int8_codes_that_are_cut_off(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w8a8-int8")
    raw = broken.bytes_of(f"{MODULE}.weight")
    signed = [code - 256 if code > 127 else code for code in raw]
    broken.patch(f"{MODULE}.weight", bytes(max(-127, min(127, 3 * c)) & 0xFF for c in signed))
    assert findings("V116", broken) == [f"warning {FILE}: {MODULE}.weight"]


def test_silent_on_rows_of_zeros(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(128 * 60), 0)
    assert findings("V116", kept) == []


def test_silent_on_a_saturated_code_in_every_row(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    for row in range(256):
        kept_at = row * 128 + row % 128
        if row % 16 == 0:
            kept.patch(f"{MODULE}.weight", b"\x7e", kept_at)
    assert findings("V116", kept) == []


def e4m3(code: int) -> float:
    """The value of a positive E4M3 code."""
    exponent, mantissa = code >> 3, code & 7
    return mantissa / 8 * 2**-6 if exponent == 0 else (1 + mantissa / 8) * 2.0 ** (exponent - 7)


def test_silent_on_uniform_weights(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    values = [e4m3(code) for code in range(0x7F)]  # 0x7F is NaN, 0x7E is 448
    grid = [448 * (step + 1) / 64 for step in range(64)]
    codes = [min(range(0x7F), key=lambda code: abs(values[code] - value)) for value in grid]
    row = bytes([*codes, *(code | 0x80 for code in codes)])  # 128 columns; 4.7 % are +-448
    assert row.count(0x7E) + row.count(0xFE) == 6
    kept.patch(f"{MODULE}.weight", row * 256)
    assert findings("V116", kept) == []


@pytest.mark.parametrize("name", ["llama-nvfp4", "llama-mxfp4"])
def test_fires_on_fp4_without_its_largest_code(name: str, draft: Drafts, messages: Judge) -> None:
    tensor, broken = f"{MODULE}.weight_packed", draft(name)
    less = {code: code - 1 if code & 7 == 7 else code for code in range(16)}
    raw = (less[byte & 15] | less[byte >> 4] << 4 for byte in broken.bytes_of(tensor))
    (message,) = messages("V116", broken.patch(tensor, bytes(raw)))
    assert message.startswith("no code is at an end of the range in any of ")


def test_fires_on_int8_that_was_cut_off_at_half(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w8a8-int8")
    signed = (byte - 256 if byte > 127 else byte for byte in broken.bytes_of(f"{MODULE}.weight"))
    cut = b"".join(max(-64, min(63, c)).to_bytes(1, "little", signed=True) for c in signed)
    assert findings("V116", broken.patch(f"{MODULE}.weight", cut)) == [
        f"warning {FILE}: {MODULE}.weight"
    ]


def test_silent_on_one_end_that_is_left(draft: Drafts, findings: Judge) -> None:
    tensor, kept = f"{MODULE}.weight_packed", draft("llama-nvfp4")
    less = {code: code - 1 if code & 7 == 7 else code for code in range(16)}
    raw = bytes(less[byte & 15] | less[byte >> 4] << 4 for byte in kept.bytes_of(tensor))
    assert findings("V116", kept.patch(tensor, raw[:-1] + b"\x77")) == []
