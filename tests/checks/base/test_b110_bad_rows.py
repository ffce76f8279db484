import numpy as np
import pytest

from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"
KEY = "model.layers.1.self_attn.k_proj"


def test_fires_on_one_row_of_noise(draft: Drafts, compare: Compare) -> None:
    noise = np.random.default_rng(1).bytes(64)
    broken = draft("llama-nvfp4").change(
        f"{GATE}.weight_packed", lambda raw: raw[: 7 * 64] + noise + raw[8 * 64 :]
    )
    assert compare(broken, "llama") == [f"B110 error {GATE}"]
    assert compare(broken, "llama", words=True)[0].startswith("row 7 of 256 is not the base's")


def test_fires_on_zero_rows(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-nvfp4").change(
        f"{KEY}.weight_packed", lambda raw: bytes(16 * 64) + raw[16 * 64 :]
    )
    assert compare(broken, "llama", words=True) == [
        "16 rows of 64 (0, 1, 2, …) are zero here and not in the base"
    ]


def test_fires_on_one_scale_of_a_channel(draft: Drafts, compare: Compare) -> None:
    def double(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").copy()
        words[100] += 0x80
        return words.tobytes()

    broken = draft("llama-fp8-dynamic").change(f"{GATE}.weight_scale", double)
    assert compare(broken, "llama", words=True)[0].startswith("row 100 of 256 is not the base's")


@pytest.mark.parametrize(("noise", "found"), [(0.9, []), (3.0, [f"B110 error {GATE}"])])
def test_fires_on_a_row_that_gptq_cannot_have_made(
    noise: float, found: list[str], draft: Drafts, base: Drafts, compare: Compare
) -> None:
    # 3 dB: GPTQ with inputs that are much alike leaves as little of a row that it moved.
    origin, random = base("llama"), np.random.default_rng(1)

    def disturb(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").reshape(256, 128).copy()
        values = (words.astype(np.uint32) << 16).view(np.float32)
        values[7] += noise * values[7].std() * random.standard_normal(128, np.float32)
        return (values.view(np.uint32) >> 16).astype("<u2").tobytes()

    origin.change(f"{GATE}.weight", disturb)
    assert compare(draft("llama-w4a16-gptq"), origin) == found


def test_silent_on_rows_that_are_next_to_nothing_in_the_base(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    # FP8 with one scale for the tensor flushes a row 10,000 times smaller than the others.
    origin, ours = base("llama"), draft("llama-fp8-static")
    origin.change(f"{GATE}.weight", shrink)
    ours.change(f"{GATE}.weight", lambda raw: bytes(128) + raw[128:])
    assert compare(ours, origin) == []


def shrink(raw: bytes) -> bytes:
    words = np.frombuffer(raw, "<u2").copy()
    words[:128] = np.where(words[:128] & 0x7FFF, words[:128] - (14 << 7), 0)
    return words.tobytes()
