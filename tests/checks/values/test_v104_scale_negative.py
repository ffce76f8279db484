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
