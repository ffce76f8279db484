import pytest

from tests.checks.values.floats import bf16, f16
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

GATE = "model.layers.1.mlp.gate_proj.weight"
NORM = "model.layers.0.input_layernorm.weight"
FILE = "model.safetensors"


@pytest.mark.parametrize("code", [b"\x7f", b"\xff"])
def test_fires_on_one_nan_code_of_fp8(code: bytes, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").patch(GATE, code, 4_000)
    assert findings("V101", broken) == [f"error {FILE}: {GATE}"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_fires_on_a_norm(value: float, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(NORM, bf16(value), 50)
    assert findings("V101", broken) == [f"error {FILE}: {NORM}"]


def test_fires_on_half_floats_and_says_where(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-nvfp4").retype("lm_head.weight", "F16", [384, 128])
    broken.patch("lm_head.weight", f16(1.0) * 384 * 128)
    broken.patch("lm_head.weight", f16(float("inf")) * 3, 2 * (7 * 128 + 9))
    assert messages("V101", broken) == ["Inf: 3 of 49,152 values, the first at row 7, column 9"]


def test_fires_on_a_parameter_of_a_recurrent_layer(mixed: Draft, findings: Judge) -> None:
    name = "model.language_model.layers.0.linear_attn.A_log"
    broken = mixed.patch(name, bf16(float("nan")), 0)
    assert [place.partition(": ")[2] for place in findings("V101", broken)] == [name]


def test_silent_on_the_largest_numbers_and_negative_zero(draft: Drafts, findings: Judge) -> None:
    # 448 and -448 of E4M3, and -0: the codes beside its two NaN.
    kept = draft("llama-fp8-dynamic").patch(GATE, b"\x7e\xfe\x80", 0)
    assert findings("V101", kept) == []


def test_silent_on_fp4_bytes_that_would_be_nan_in_fp8(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.mlp.up_proj.weight_packed"
    assert findings("V101", draft("llama-nvfp4").patch(name, b"\x7f\xff", 0)) == []
