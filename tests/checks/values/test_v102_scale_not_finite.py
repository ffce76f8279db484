import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

SCALE = "model.layers.1.mlp.gate_proj.weight_scale"
PLACE = f"error model.safetensors: {SCALE}"


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w8a8-int8", "llama-w4a16"])
def test_fires_on_nan_among_float_scales(name: str, draft: Drafts, findings: Judge) -> None:
    broken = draft(name).patch(SCALE, bf16(float("nan")), 20)
    assert findings("V102", broken) == [PLACE]


def test_fires_on_the_nan_of_fp8_block_scales(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-nvfp4").patch(SCALE, b"\x7f", 8 * 5 + 3)
    assert messages("V102", broken) == [
        "NaN or Inf: 1 of 2,048 values, the first at row 5, column 3"
    ]


def test_fires_on_the_exponent_that_is_no_number(draft: Drafts, findings: Judge) -> None:
    assert findings("V102", draft("llama-mxfp4").patch(SCALE, b"\xff", 9)) == [PLACE]


def test_silent_on_the_largest_scales(draft: Drafts, findings: Judge) -> None:
    assert findings("V102", draft("llama-nvfp4").patch(SCALE, b"\x7e", 9)) == []
    assert findings("V102", draft("llama-mxfp4").patch(SCALE, b"\xfe", 9)) == []
