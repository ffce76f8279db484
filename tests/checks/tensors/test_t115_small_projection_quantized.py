import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

NAME = "model.layers.0.linear_attn.in_proj_a"


def with_gate(draft: Draft, rows: int, columns: int) -> Draft:
    """Add a Linear in FP8 per channel to a model whose architecture is not known."""
    draft.config("model_type", "novel").add(
        f"{NAME}.weight", "F8_E4M3", [rows, columns], beside="lm_head.weight"
    )
    return draft.add(f"{NAME}.weight_scale", "BF16", [rows, 1], beside="lm_head.weight")


@pytest.mark.parametrize("shape", [(48, 5120), (32, 2048), (1, 2048), (2048, 8)])
def test_fires_on_a_gate_of_linear_attention(
    shape: tuple[int, int], draft: Drafts, findings: Judge
) -> None:
    broken = with_gate(draft("llama-fp8-dynamic"), *shape)
    assert findings("T115", broken) == [f"warning {NAME}"]


@pytest.mark.parametrize("shape", [(64, 5120), (32, 256), (48, 512), (1000, 4096), (576, 7168)])
def test_silent_on_what_is_no_gate(shape: tuple[int, int], draft: Drafts, findings: Judge) -> None:
    assert findings("T115", with_gate(draft("llama-fp8-dynamic"), *shape)) == []


def test_silent_on_a_gate_in_floats(mixed: Draft, findings: Judge) -> None:
    assert findings("T115", mixed) == []
