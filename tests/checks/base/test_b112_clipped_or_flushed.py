import numpy as np

from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"


def test_fires_on_a_tensor_scale_that_cuts(draft: Drafts, base: Drafts, compare: Compare) -> None:
    # 2 % of the base's columns are larger than the scale's range; the codes are saturated there.
    def widen(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").reshape(256, 128).copy()
        words[:, :3] = 0x3E00 | (words[:, :3] & 0x8000)
        return words.tobytes()

    def saturate(raw: bytes) -> bytes:
        codes = np.frombuffer(raw, np.uint8).reshape(256, 128).copy()
        codes[:, :3] = 0x7E | (codes[:, :3] & 0x80)
        return codes.tobytes()

    origin = base("llama").change(f"{GATE}.weight", widen)
    ours = draft("llama-fp8-static").change(f"{GATE}.weight", saturate)
    found = compare(ours, origin)
    assert found in ([f"B105 error {GATE}"], [f"B112 warning {GATE}"], [f"B106 warning {GATE}"])


def test_silent_on_mxfp4_whose_scales_are_powers_of_two(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-mxfp4"), "llama") == []
