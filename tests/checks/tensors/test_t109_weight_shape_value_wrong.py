import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

UP = "model.layers.0.mlp.up_proj"
NAME = f"{UP}.weight_shape"


def stored_shape(draft: Draft, *values: int, width: int = 8) -> Draft:
    draft.retype(NAME, "I64" if width == 8 else "I32", [len(values)])
    raw = b"".join(value.to_bytes(width, "little", signed=True) for value in values)
    return draft.patch(NAME, raw)


@pytest.mark.parametrize("values", [(128, 256), (256, 127), (256, 0), (-256, 128), (0, 0)])
def test_fires_on_another_shape(values: tuple[int, int], draft: Drafts, findings: Judge) -> None:
    broken = stored_shape(draft("llama-w4a16"), *values)
    assert findings("T109", broken) == [f"error {NAME}"]


def test_fires_where_the_architecture_is_unknown(draft: Drafts, findings: Judge) -> None:
    broken = stored_shape(draft("llama-w4a16"), 256, 256).config("model_type", "novel")
    assert findings("T109", broken) == [f"error {NAME}"]


def test_silent_on_columns_that_the_words_leave_open(draft: Drafts, findings: Judge) -> None:
    # 121 to 128 columns of 4 bits fill 16 words; only the config could say which.
    kept = stored_shape(draft("llama-w4a16"), 256, 121).config("model_type", "novel")
    assert findings("T109", kept) == []


def test_silent_on_integers_of_32_bits(draft: Drafts, findings: Judge) -> None:
    assert findings("T109", stored_shape(draft("llama-w4a16"), 256, 128, width=4)) == []


@pytest.mark.parametrize("name", ["llama-w8a16", "llama-w4a16-asym", "llama-nvfp4"])
def test_silent_on_what_compressed_tensors_wrote(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T109", draft(name)) == []
