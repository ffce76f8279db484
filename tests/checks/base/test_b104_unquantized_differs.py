import numpy as np
import pytest

from release.quantization.decoding import to_float32
from tests.conftest import Compare, Drafts

NORM = "model.layers.0.input_layernorm.weight"
HEAD = "lm_head.weight"


def set_word(raw: bytes, index: int, word: int) -> bytes:
    return raw[: 2 * index] + word.to_bytes(2, "little") + raw[2 * index + 2 :]


def test_fires_on_one_value_of_a_norm(draft: Drafts, compare: Compare) -> None:
    one = draft("llama-nvfp4").change(NORM, lambda raw: set_word(raw, 5, 0x3F70))
    assert compare(one, "llama") == [f"B104 warning {NORM}"]
    assert compare(one, "llama", words=True)[0].startswith(
        "1 of 128 values differ from the base, the first at index 5, by up to"
    )


def test_fires_on_a_head_that_is_another(draft: Drafts, compare: Compare) -> None:
    other = draft("llama-nvfp4").change(HEAD, lambda raw: raw[512:] + raw[:512])
    assert compare(other, "llama") == [f"B104 error {HEAD}"]


def test_fires_on_a_bias(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama")
    bias = "model.layers.0.self_attn.q_proj.bias"
    origin.add(bias, "BF16", [128], beside=NORM)
    ours = draft("llama-nvfp4").add(bias, "BF16", [128], beside=NORM)
    assert compare(ours, origin) == []
    ours.change(bias, lambda raw: set_word(raw, 0, 0x3F80))
    assert compare(ours, origin) == [f"B104 error {bias}"]


@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_silent_on_a_cast(dtype: str, draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama")
    raw = origin.values(NORM)
    wide = to_float32(raw, "BF16").astype("<f4" if dtype == "F32" else "<f2").tobytes()
    origin.retype(NORM, dtype, [128]).change(NORM, lambda _: wide)
    assert compare(draft("llama-nvfp4"), origin) == []


def test_fires_on_a_cast_of_other_values(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama")
    values = to_float32(origin.values(NORM), "BF16") * np.float32(1.01)
    origin.retype(NORM, "F32", [128]).change(NORM, lambda _: values.tobytes())
    assert compare(draft("llama-nvfp4"), origin) == [f"B104 warning {NORM}"]


def test_silent_on_norms_rounded_as_one_more(draft: Drafts, compare: Compare) -> None:
    # Qwen3.5's norms are x * (1 + w): llm-compressor rounds 1 + w to BF16 on the way.
    assert compare(draft("qwen3_5-mtp"), "qwen3_5-mtp") == []


def test_fires_on_what_is_no_number(draft: Drafts, compare: Compare) -> None:
    ours = draft("llama-nvfp4").change(NORM, lambda raw: set_word(raw, 5, 0x7FC0))
    assert compare(ours, "llama") == [f"B104 error {NORM}"]


@pytest.mark.parametrize("words", [(0.001, 0.0), (2.0, 0.0), (1.0, 1.0)])
def test_fires_on_a_factor_or_a_summand(
    words: tuple[float, float], draft: Drafts, compare: Compare
) -> None:
    factor, summand = words
    name = "model.norm.weight"
    ours = draft("llama-nvfp4").change(name, lambda raw: changed(raw, factor, summand))
    assert compare(ours, "llama") == [f"B104 error {name}"]
    said = f"times {factor:g}" if factor != 1 else f"plus {summand:g}"
    assert compare(ours, "llama", words=True) == [f"is the base's {said}, all of 128 values"]


def changed(raw: bytes, factor: float, summand: float) -> bytes:
    """BF16 values times a factor, plus a summand, rounded down."""
    values = to_float32(raw, "BF16") * np.float32(factor) + np.float32(summand)
    return (values.view(np.uint32) >> 16).astype("<u2").tobytes()
