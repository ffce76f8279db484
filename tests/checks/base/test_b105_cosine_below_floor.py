import numpy as np
import pytest

from tests.conftest import Compare, Drafts

GATE, DOWN = "model.layers.0.mlp.gate_proj", "model.layers.0.mlp.down_proj"


def test_fires_on_noise(draft: Drafts, compare: Compare) -> None:
    noise = np.random.default_rng(0).bytes(256 * 64)
    broken = draft("llama-nvfp4").change(f"{GATE}.weight_packed", lambda _: noise)
    assert compare(broken, "llama") == [f"B105 error {GATE}"]


def test_fires_on_most_rows_being_noise(draft: Drafts, compare: Compare) -> None:
    noise = np.random.default_rng(0).bytes(160 * 64)
    broken = draft("llama-nvfp4").change(
        f"{GATE}.weight_packed", lambda raw: noise + raw[len(noise) :]
    )
    assert compare(broken, "llama") == [f"B105 error {GATE}"]


def test_silent_on_every_scheme(draft: Drafts, compare: Compare) -> None:
    for scheme in ("mxfp4", "mxfp8", "w4a16-asym", "w8a16", "fp8-static", "w8a8-int8"):
        assert compare(draft(f"llama-{scheme}"), "llama") == []


@pytest.mark.parametrize("rows", [4, 128])
def test_silent_on_gptq_noise_of_rows_that_outweigh_all_others(
    rows: int, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    """Four rows are 256 times larger than the others; what all rows have is a fault."""
    ours, origin = draft("llama-w4a16-gptq"), base("llama")

    def enlarged(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").reshape(128, -1).copy()
        words[:4] += 8 << 7
        return words.tobytes()

    def shaken(raw: bytes) -> bytes:
        random = np.random.default_rng(0)
        codes = np.frombuffer(raw, np.uint8).reshape(128, -1).copy()
        places = random.random(codes[:rows].shape) < 0.5
        codes[:rows][places] = random.permutation(codes[:rows][places])
        return codes.tobytes()

    origin.change(f"{DOWN}.weight", enlarged)
    ours.change(f"{DOWN}.weight_scale", enlarged).change(f"{DOWN}.weight_packed", shaken)
    assert bool(compare(ours, origin)) == (rows > 4)
