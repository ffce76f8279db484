import numpy as np

from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"


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
