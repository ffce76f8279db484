import struct

import numpy as np
import pytest

from release.quantization.decoding import to_float32
from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"


def halved(raw: bytes) -> bytes:
    """BF16: one less in the exponent."""
    return b"".join(
        (word - 0x80).to_bytes(2, "little") for (word,) in struct.iter_unpack("<H", raw)
    )


def test_fires_on_an_fp8_scale(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-fp8-static").change(f"{GATE}.weight_scale", halved)
    assert compare(broken, "llama") == [f"B107 error {GATE}"]
    assert compare(broken, "llama", words=True)[0].startswith("is the base's times 1/2")


@pytest.mark.parametrize("factor", [2.0, 1.1, 448.0])
def test_fires_on_a_global_scale(factor: float, draft: Drafts, compare: Compare) -> None:
    def times(raw: bytes) -> bytes:
        return struct.pack("<f", struct.unpack("<f", raw)[0] * factor)

    broken = draft("llama-nvfp4").change(f"{GATE}.weight_global_scale", times)
    assert compare(broken, "llama") == [f"B107 error {GATE}"]


def test_fires_on_an_inverted_global_scale(draft: Drafts, compare: Compare) -> None:
    def inverted(raw: bytes) -> bytes:
        return struct.pack("<f", 1 / struct.unpack("<f", raw)[0])

    broken = draft("llama-nvfp4").change(f"{GATE}.weight_global_scale", inverted)
    assert compare(broken, "llama") == [f"B107 error {GATE}"]


def test_fires_on_an_exponent_of_mxfp4(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-mxfp4").change(
        f"{GATE}.weight_scale", lambda raw: bytes(byte + 1 for byte in raw)
    )
    assert compare(broken, "llama") == [f"B107 error {GATE}"]


def test_silent_on_scales_as_written(draft: Drafts, compare: Compare) -> None:
    scales = to_float32(draft("llama-nvfp4").values(f"{GATE}.weight_global_scale"), "F32")
    assert scales[0] > 1  # compressed-tensors divides by it
    assert compare(draft("llama-nvfp4a16"), "llama") == []


def test_silent_on_the_largest_that_auto_round_cuts_off(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    def larger(raw: bytes) -> bytes:
        """The largest hundredth of the BF16 weights, three times as large."""
        values = to_float32(raw, "BF16")
        top = np.abs(values) > np.quantile(np.abs(values), 0.99)
        words = np.where(top, 3 * values, values).astype("<f4").view("<u4") >> 16
        return words.astype("<u2").tobytes()

    ours, origin = draft("llama-w4a16"), base("llama").change(f"{GATE}.weight", larger)
    recipe = (ours.path / "recipe.yaml").read_text()
    ours.write("recipe.yaml", recipe.replace("QuantizationModifier", "AutoRoundModifier"))
    assert compare(ours, origin) == []
