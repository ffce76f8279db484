import numpy as np

from release.quantization.decoding import to_float32
from release.quantization.decoding.codebook import float_book
from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"
EXPERT = "model.layers.1.mlp.experts.5.up_proj"


def test_fires_on_scales_that_leave_the_codes_a_sixteenth_of_their_range(
    draft: Drafts, compare: Compare
) -> None:
    # Every code is the nearest, and 24 dB are gone.
    ours = draft("llama-w8a8-int8")
    fewer = lambda raw: np.rint(np.frombuffer(raw, np.int8) / 16).astype(np.int8).tobytes()  # noqa: E731
    larger = lambda raw: (np.frombuffer(raw, "<u2") + (4 << 7)).astype("<u2").tobytes()  # noqa: E731
    ours.change(f"{GATE}.weight", fewer).change(f"{GATE}.weight_scale", larger)
    assert compare(ours, "llama") == [f"B106 warning {GATE}"]


def test_silent_on_a_base_that_lies_between_the_codes(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    # 4 dB more noise than the scheme has, and no rounding to nearest has less.
    ours, origin = draft("llama-fp8-static"), base("llama")
    codes = np.frombuffer(ours.values(f"{GATE}.weight"), np.uint8)
    book = float_book(8)
    high = np.minimum(book.high[codes], 448)
    low = np.maximum(book.low[codes], -448)
    side = np.random.default_rng(2).random(len(codes)) < 0.5
    scale = to_float32(ours.values(f"{GATE}.weight_scale"), "BF16")
    edges = (book.values[codes] * 0.1 + np.where(side, high, low) * 0.9) * scale
    words = (edges.astype("<f4").view("<u4") + 0x8000) >> 16
    origin.change(f"{GATE}.weight", lambda _: words.astype("<u2").tobytes())
    assert compare(ours, origin) == []


def test_silent_on_an_expert_that_gptq_moved_more_than_others(
    draft: Drafts, compare: Compare
) -> None:
    # As it does where few tokens came by.
    def shake(raw: bytes) -> bytes:
        """Exchange 70 % of the FP4 codes with a neighbour."""
        codes = np.frombuffer(raw, np.uint8).copy()
        moved = np.random.default_rng(4).random(len(codes)) < 0.7
        codes[moved] ^= 0x11
        return codes.tobytes()

    ours = draft("qwen3_moe-nvfp4").change(f"{EXPERT}.weight_packed", shake)
    recipe = (ours.path / "recipe.yaml").read_text()
    ours.write("recipe.yaml", recipe.replace("QuantizationModifier", "GPTQModifier"))
    assert compare(ours, "qwen3_moe") == []


def test_silent_on_gptq(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-w4a16-gptq"), "llama") == []
