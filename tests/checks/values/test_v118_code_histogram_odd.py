from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.gate_proj"
FILE = "model.safetensors"


def test_fires_on_fp4_that_is_mostly_one_code(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    broken = draft("llama-nvfp4")
    raw = broken.bytes_of(tensor)
    broken.patch(tensor, b"".join(raw[i : i + 1] + b"\x11\x11\x11" for i in range(0, len(raw), 4)))
    assert findings("V118", broken) == [f"warning {FILE}: {tensor}"]


def test_fires_on_weights_that_were_quantized_twice(draft: Drafts, messages: Judge) -> None:
    tensor = f"{MODULE}.weight"
    broken = draft("llama-w8a8-int8")
    # Only the codes of 4 bits are left: -128, -112, ... 112.
    broken.patch(tensor, bytes(code & 0xF0 for code in broken.bytes_of(tensor)))
    assert messages("V118", broken) == ["only 16 different codes occur"]


def test_fires_on_fp8_with_few_codes(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight"
    broken = draft("llama-fp8-dynamic")
    broken.patch(tensor, bytes(code & 0xF8 for code in broken.bytes_of(tensor)))
    assert findings("V118", broken) == [f"warning {FILE}: {tensor}"]


def test_fires_on_codes_outside_of_their_bits(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-w4a8").patch(f"{MODULE}.weight", b"\x10", 77)
    assert messages("V118", broken) == ["holds codes up to 16, 4 bits reach 8"]


def test_fires_on_one_exponent_beyond_all_weights(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-mxfp4").patch(f"{MODULE}.weight_scale", b"\xf0", 100)
    assert findings("V118", broken) == [f"warning {FILE}: {MODULE}.weight_scale"]


def test_fires_on_many_exponents_of_nothing(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-mxfp4").patch(f"{MODULE}.weight_scale", b"\x20" * 24, 100)  # of 1,024
    assert findings("V118", broken) == [f"warning {FILE}: {MODULE}.weight_scale"]


def test_silent_on_the_exponents_of_dead_channels(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-mxfp4").patch(f"{MODULE}.weight_scale", b"\x20" * 8, 100)
    assert findings("V118", kept) == []


def test_fires_on_zero_points_that_are_all_alike(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight_zero_point"
    broken = draft("llama-w4a16-asym").patch(tensor, b"\x88" * 128)
    assert findings("V118", broken) == [f"warning {FILE}: {tensor}"]


def test_silent_on_many_negative_zeros(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    kept = draft("llama-nvfp4")
    kept.patch(tensor, kept.bytes_of(tensor).replace(b"\x00", b"\x88"))
    assert findings("V118", kept) == []


def test_silent_on_the_exponent_of_a_group_of_zeros(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-mxfp4").patch(f"{MODULE}.weight_scale", b"\0", 100)
    assert findings("V118", kept) == []


def test_fires_on_int4_that_is_ternary(draft: Drafts, messages: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    broken = draft("llama-w4a16")
    ends = {code: 15 if code > 11 else 1 if code < 5 else 8 for code in range(16)}
    raw = (ends[byte & 15] | ends[byte >> 4] << 4 for byte in broken.bytes_of(tensor))
    assert messages("V118", broken.patch(tensor, bytes(raw))) == ["only 3 different codes occur"]


def test_silent_on_int4_of_other_numbers_of_four_bits(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    kept = draft("llama-w4a16")
    near = {
        code: 8 + (0, 1, 2, 4, 5, 7, 7, 7)[code - 8] if code > 7 else code & 14
        for code in range(16)
    }
    raw = (near[byte & 15] | near[byte >> 4] << 4 for byte in kept.bytes_of(tensor))
    assert findings("V118", kept.patch(tensor, bytes(raw))) == []
