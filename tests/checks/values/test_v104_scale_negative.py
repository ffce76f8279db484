import numpy as np
import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

SCALE = "model.layers.1.mlp.gate_proj.weight_scale"
PLACE = f"error model.safetensors: {SCALE}"


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w8a16", "llama-fp8-static"])
def test_fires_on_a_float_scale(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("V104", draft(name).patch(SCALE, bf16(-0.5), 0)) == [PLACE]


def test_fires_on_a_block_scale(draft: Drafts, findings: Judge) -> None:
    assert findings("V104", draft("llama-nvfp4").patch(SCALE, b"\xc0", 70)) == [PLACE]


def test_silent_on_exponents_over_127(draft: Drafts, findings: Judge) -> None:
    assert findings("V104", draft("llama-mxfp4").patch(SCALE, b"\x81", 70)) == []


def test_silent_on_negative_zero_which_v103_reports(draft: Drafts, findings: Judge) -> None:
    assert findings("V104", draft("llama-nvfp4").patch(SCALE, b"\x80", 70)) == []


def half_negated(raw: bytes) -> bytes:
    """Every other BF16 scale negative; that the codes are not is another rule's matter."""
    words = np.frombuffer(raw, "<u2").copy()
    words[::2] |= 0x8000
    return words.tobytes()


def test_fires_as_a_note_where_half_are(draft: Drafts, findings: Judge) -> None:
    note = PLACE.replace("error", "info")
    assert findings("V104", draft("llama-w4a16").change(SCALE, half_negated)) == [note]


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w4a16-asym"])
def test_fires_on_half_of_others(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("V104", draft(name).change(SCALE, half_negated)) == [PLACE]


def test_fires_as_a_note_after_auto_round(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-w4a16").patch(SCALE, bf16(-0.5), 0)
    assert findings("V104", kept) == [PLACE]
    recipe = (kept.path / "recipe.yaml").read_text()
    kept.write("recipe.yaml", recipe.replace("QuantizationModifier", "AutoRoundModifier"))
    assert findings("V104", kept) == [PLACE.replace("error", "info")]
