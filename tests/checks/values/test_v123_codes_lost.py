import numpy as np
import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

MODULE = "model.layers.1.mlp.down_proj"
TENSOR = f"{MODULE}.weight_packed"
PLACE = f"error model.safetensors: {TENSOR}"
ROWS, BLOCK = 128, 16
ZEROS = {"llama-nvfp4": 0x00, "llama-mxfp4": 0x00, "llama-w4a16": 0x88}


def emptied(draft: Draft, columns: slice, rows: slice = slice(None), zero: int = 0) -> Draft:
    """Codes of some packed columns are zero."""

    def change(raw: bytes) -> bytes:
        grid = np.frombuffer(raw, np.uint8).reshape(ROWS, -1).copy()
        grid[rows, columns] = zero
        return grid.tobytes()

    return draft.change(TENSOR, change)


@pytest.mark.parametrize("name", ["llama-nvfp4", "llama-mxfp4", "llama-w4a16"])
def test_fires_on_columns(name: str, draft: Drafts, findings: Judge, messages: Judge) -> None:
    broken = emptied(draft(name), slice(64, None), zero=ZEROS[name])
    assert findings("V123", broken) == [PLACE]
    (message,) = messages("V123", broken)
    assert message.startswith("columns 128 to 255 are zero in every row though")


def test_fires_on_blocks_of_some_rows(draft: Drafts, messages: Judge) -> None:
    broken = emptied(draft("llama-nvfp4"), slice(8, 24), slice(3, 40))
    (message,) = messages("V123", broken)
    assert message.startswith("58 of 2,048 blocks, the first in row 3 from column 16 on, are zero")


@pytest.mark.parametrize("eps", [0x20, 0x38, 0x01])
def test_silent_on_blocks_that_were_zero(eps: int, draft: Drafts, findings: Judge) -> None:
    """0.125 is compressed_tensors' scale of nothing, 1.0 ModelOpt's, 2^-9 the least there is."""
    kept = emptied(draft("llama-nvfp4"), slice(64, None))

    def scales(raw: bytes) -> bytes:
        grid = np.frombuffer(raw, np.uint8).reshape(ROWS, -1).copy()
        grid[:, 128 // BLOCK :] = eps
        return grid.tobytes()

    assert findings("V123", kept.change(f"{MODULE}.weight_scale", scales)) == []


def test_silent_on_single_blocks(draft: Drafts, findings: Judge) -> None:
    assert findings("V123", emptied(draft("llama-nvfp4"), slice(8, 16), slice(0, 12))) == []


@pytest.mark.parametrize(
    ("name", "severity"), [("llama-w4a16-gptq", "info"), ("llama-w4a16", "warning")]
)
def test_fires_softly_where_gptq_may_have_emptied_columns(
    name: str, severity: str, draft: Drafts, findings: Judge
) -> None:
    broken = emptied(draft(name), slice(64, None), zero=0x88)
    if name == "llama-w4a16":
        broken.remove("recipe.yaml")
    assert findings("V123", broken) == [PLACE.replace("error", severity)]
