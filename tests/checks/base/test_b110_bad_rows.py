import numpy as np
import pytest

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

GATE = "model.layers.0.mlp.gate_proj"
KEY = "model.layers.1.self_attn.k_proj"
DOWN = "model.layers.1.mlp.down_proj"


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


def without_columns(draft: Draft, *columns: int) -> Draft:
    """Clear the codes of some columns of INT8, FP8 or FP4."""
    name = f"{DOWN}.weight" if f"{DOWN}.weight" in draft.tensors() else f"{DOWN}.weight_packed"

    def clear(raw: bytes) -> bytes:
        codes = np.frombuffer(raw, np.uint8).reshape(draft.shape(name)).copy()
        for column in columns:
            if name.endswith("packed"):
                codes[:, column // 2] &= 0x0F if column % 2 else 0xF0
            else:
                codes[:, column] = 0
        return codes.tobytes()

    return draft.change(name, clear)


@pytest.mark.parametrize(
    "checkpoint",
    [
        "llama-fp8-dynamic",
        "llama-w8a8-int8",
        "llama-nvfp4",
        "llama-mxfp4",
        "llama-w8a8-smoothquant",
    ],
)
def test_fires_on_columns_that_are_zero(checkpoint: str, draft: Drafts, compare: Compare) -> None:
    (one,) = compare(without_columns(draft(checkpoint), 17), "llama", words=True)
    assert one == "column 17 of 256 is zero here and not in the base"
    broken = without_columns(draft(checkpoint), 3, 40, 77, 200)
    assert compare(broken, "llama") == [f"B110 error {DOWN}"]
    (several,) = compare(broken, "llama", words=True)
    assert several.startswith("4 columns of 256 (3, 40, 77, …) are zero")


def test_silent_on_columns_that_are_zero_in_the_base(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama")
    values = np.frombuffer(origin.values(f"{DOWN}.weight"), "<u2").reshape(128, 256).copy()
    values[:, 17] = 0
    origin.store(f"{DOWN}.weight", values.tobytes())
    assert compare(without_columns(draft("llama-fp8-dynamic"), 17), origin) == []


def test_silent_on_columns_that_gptq_clears(draft: Drafts, compare: Compare) -> None:
    ours = draft("llama-w4a16-gptq")
    words = np.frombuffer(ours.values(f"{DOWN}.weight_packed"), "<u4").reshape(128, 32).copy()
    words[:, 2] = words[:, 2] & 0xFFFF_FF0F | 0x80  # eight is zero
    assert compare(ours.store(f"{DOWN}.weight_packed", words.tobytes()), "llama") == []


def test_fires_on_a_scale_of_gptq_that_no_noise_explains(draft: Drafts, compare: Compare) -> None:
    """A quarter more is 12 dB, which a row of INT8 may have of GPTQ, but not all along the base."""

    def larger(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").copy()
        words[9] += 0x20 if words[9] & 0x7F < 0x60 else 0x10
        return words.tobytes()

    recipe = "default_stage:\n  default_modifiers:\n    GPTQModifier:\n      targets: [Linear]\n"
    broken = draft("llama-w8a8-int8").change(f"{DOWN}.weight_scale", larger)
    assert compare(broken.write("recipe.yaml", recipe), "llama") == [f"B110 error {DOWN}"]
