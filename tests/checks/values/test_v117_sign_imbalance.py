import pytest

from tests.checks.values.floats import flip
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.gate_proj"
FILE = "model.safetensors"


@pytest.mark.parametrize(
    ("name", "role", "mask"),
    [
        ("llama-fp8-dynamic", "weight", 0x7F),
        ("llama-nvfp4", "weight_packed", 0x77),
        ("llama-w8a8-int8", "weight", 0x7F),
    ],
)
def test_fires_when_the_sign_bits_are_gone(
    name: str, role: str, mask: int, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    tensor = f"{MODULE}.{role}"
    broken.patch(tensor, flip(broken.bytes_of(tensor), keep=mask))
    assert findings("V117", broken) == [f"warning {FILE}: {tensor}"]


def test_fires_on_an_offset_taken_for_twos_complement(draft: Drafts, messages: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    broken = draft("llama-w4a16")
    broken.patch(tensor, flip(broken.bytes_of(tensor), add=0x88))
    assert messages("V117", broken) == ["0% of the codes that are not zero are negative"]


def test_silent_on_asymmetric_codes(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight_packed"
    kept = draft("llama-w4a16-asym")
    kept.patch(tensor, flip(kept.bytes_of(tensor), add=0x88))
    assert findings("V117", kept) == []


def test_silent_when_a_fifth_of_the_rows_is_positive(draft: Drafts, findings: Judge) -> None:
    tensor = f"{MODULE}.weight"
    kept = draft("llama-fp8-dynamic")
    kept.patch(tensor, flip(kept.bytes_of(tensor)[: 50 * 128], keep=0x7F), 0)
    assert findings("V117", kept) == []
