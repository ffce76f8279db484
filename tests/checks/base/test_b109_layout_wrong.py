from collections.abc import Callable

import numpy as np
import pytest

from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"
QUERY = "model.layers.0.self_attn.q_proj"


def swap_nibbles(raw: bytes) -> bytes:
    codes = np.frombuffer(raw, np.uint8)
    return (codes >> 4 | codes << 4).astype(np.uint8).tobytes()


def reverse_bytes(raw: bytes) -> bytes:
    return np.frombuffer(raw, "<u4").byteswap().tobytes()


def twos_complement(raw: bytes) -> bytes:
    return (np.frombuffer(raw, np.uint8) ^ 0x88).tobytes()


def reverse_words(raw: bytes) -> bytes:
    return swap_nibbles(reverse_bytes(raw))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (swap_nibbles, "the two codes of every byte are swapped"),
        (reverse_bytes, "the bytes of every 32-bit word are reversed"),
        (reverse_words, "the codes of every 32-bit word are reversed"),
        (twos_complement, "the codes are two's complement, not offset"),
    ],
)
def test_fires_on_packing_of_int4(
    change: Callable[[bytes], bytes], words: str, draft: Drafts, compare: Compare
) -> None:
    broken = draft("llama-w4a16").change(f"{GATE}.weight_packed", change)
    assert compare(broken, "llama") == [f"B109 error {GATE}"]
    assert compare(broken, "llama", words=True)[0].endswith(words)


def test_fires_on_swapped_nibbles_of_fp4(draft: Drafts, compare: Compare) -> None:
    for scheme in ("nvfp4", "mxfp4"):
        broken = draft(f"llama-{scheme}").change(f"{GATE}.weight_packed", swap_nibbles)
        assert compare(broken, "llama") == [f"B109 error {GATE}"]


def test_fires_on_int8_stored_with_an_offset(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-w8a8-int8").change(
        f"{GATE}.weight", lambda raw: (np.frombuffer(raw, np.uint8) ^ 0x80).tobytes()
    )
    assert compare(broken, "llama") == [f"B109 error {GATE}"]


def test_fires_on_a_transposed_matrix(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-fp8-static").change(
        f"{QUERY}.weight",
        lambda raw: np.ascontiguousarray(
            np.frombuffer(raw, np.uint8).reshape(128, 128).T
        ).tobytes(),
    )
    assert compare(broken, "llama", words=True) == [
        "is not in the order of its format: the matrix is transposed"
    ]


def test_fires_on_lost_signs(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-fp8-static").change(
        f"{QUERY}.weight", lambda raw: (np.frombuffer(raw, np.uint8) & 0x7F).tobytes()
    )
    assert compare(broken, "llama", words=True)[0].endswith("the signs are lost")


def test_fires_on_rolled_rows(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-fp8-static").change(
        f"{GATE}.weight", lambda raw: raw[3 * 128 :] + raw[: 3 * 128]
    )
    assert compare(broken, "llama", words=True)[0].endswith("every row is the base's 3 further on")


def test_fires_on_rows_interleaved_for_rotary_positions(draft: Drafts, compare: Compare) -> None:
    def interleave(raw: bytes) -> bytes:
        heads = np.frombuffer(raw, np.uint8).reshape(4, 2, 16, 128)
        return np.ascontiguousarray(heads.transpose(0, 2, 1, 3)).tobytes()

    broken = draft("llama-fp8-static").change(f"{QUERY}.weight", interleave)
    assert compare(broken, "llama", words=True)[0].endswith(
        "the rows are in another order: row 1 is the base's row 16"
    )


def test_fires_on_columns_in_another_order(draft: Drafts, compare: Compare) -> None:
    def reverse(raw: bytes) -> bytes:
        return np.frombuffer(raw, np.uint8).reshape(-1, 128)[:, ::-1].tobytes()

    broken = draft("llama-fp8-static").change(f"{GATE}.weight", reverse)
    assert compare(broken, "llama", words=True)[0].endswith(
        "the columns are in another order: column 0 is the base's column 127"
    )


def test_fires_on_scales_one_row_off(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-nvfp4").change(f"{GATE}.weight_scale", lambda raw: raw[8:] + raw[:8])
    assert compare(broken, "llama") == [f"B109 error {GATE}"]


def test_silent_on_the_order_of_the_format(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-w4a16"), "llama") == []


@pytest.mark.parametrize("name", ["llama-w4a16-gptq", "llama-w4a16-gptq-actorder"])
@pytest.mark.parametrize("by", [0, 1, -1])
def test_fires_on_rolled_scales_of_codes_that_were_moved(
    name: str, by: int, draft: Drafts, compare: Compare
) -> None:
    def roll(raw: bytes) -> bytes:
        return np.roll(np.frombuffer(raw, "<u2").reshape(256, -1), by, axis=0).tobytes()

    broken = draft(name).change(f"{GATE}.weight_scale", roll)
    assert compare(broken, "llama") == ([f"B109 error {GATE}"] if by else [])


@pytest.mark.parametrize("name", ["llama-w4a16-gptq", "llama-nvfp4", "llama-fp8-dynamic"])
def test_fires_on_scales_of_another_layer(name: str, draft: Drafts, compare: Compare) -> None:
    other = GATE.replace("layers.0", "layers.1")
    stale = draft(name).copy(f"{other}.weight_scale", f"{GATE}.weight_scale")
    assert compare(stale, "llama") == [f"B109 error {GATE}"]
    assert compare(stale, "llama", words=True)[0].endswith("the scales are not those of its rows")


@pytest.mark.parametrize(("name", "bit"), [("llama-nvfp4", 0x88), ("llama-fp8-dynamic", 0x80)])
def test_fires_on_signs_turned(name: str, bit: int, draft: Drafts, compare: Compare) -> None:
    role = "weight_packed" if bit > 0x80 else "weight"
    turned = draft(name).change(
        f"{GATE}.{role}", lambda raw: (np.frombuffer(raw, np.uint8) ^ bit).tobytes()
    )
    assert compare(turned, "llama") == [f"B109 error {GATE}"]
    assert compare(turned, "llama", words=True)[0].endswith("every sign is turned")
