from functools import partial

import numpy as np
import pytest

from release.quantization.decoding import to_float32
from tests.checks.values.floats import bf16
from tests.conftest import Compare, Drafts
from tests.mutations.base import GATE


def test_fires_once_on_another_model_of_the_same_shape(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    other = base("llama")
    for tensor in other.tensors():
        other.change(tensor, lambda raw: raw[len(raw) // 2 + 2 :] + raw[: len(raw) // 2 + 2])
    assert compare(draft("llama-nvfp4"), other) == ["B101 error checkpoint"]


def test_fires_once_on_a_model_with_other_names(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-nvfp4"), "qwen3_5-mtp") == ["B101 error checkpoint"]


def test_fires_once_where_most_shapes_differ(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-fp8-block"), "llama") == ["B101 error checkpoint"]


def test_silent_where_every_layer_is_in_another_place(draft: Drafts, compare: Compare) -> None:
    moved = draft("llama-nvfp4")
    for tensor in moved.tensors():
        if ".layers.0." in tensor:
            moved.exchange(tensor, tensor.replace(".layers.0.", ".layers.1."))
    codes = {finding.partition(" ")[0] for finding in compare(moved, "llama")}
    assert codes == {"B108"}


@pytest.mark.parametrize("checkpoint", ["llama-nvfp4", "llama-w4a16-gptq", "llama-w4a16-awq"])
def test_fires_once_on_another_training(
    checkpoint: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama")
    for tensor in origin.tensors():
        origin.change(tensor, partial(trained, 0.02))
    ours = draft(checkpoint)
    assert compare(ours, origin) == ["B101 error checkpoint"]
    (message,) = compare(ours, origin, words=True)
    assert message.startswith("the base is another training of this model: ")


def test_fires_once_on_a_model_of_another_size(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama").config("num_hidden_layers", 3).config("hidden_size", 128)
    for tensor in [name for name in origin.tensors() if ".layers.1." in name]:
        other = tensor.replace(".layers.1.", ".layers.2.")
        origin.add(other, "BF16", origin.shape(tensor), beside=tensor).copy(tensor, other)
    (message,) = compare(draft("llama-nvfp4"), origin, words=True)
    assert message == "the base is another model: num_hidden_layers is 2 here, 3 there"


def test_fires_once_on_a_copy_of_the_checkpoint(draft: Drafts, compare: Compare) -> None:
    (message,) = compare(draft("llama-nvfp4"), draft("llama-nvfp4"), words=True)
    assert message.startswith("the base is this checkpoint again: all of its 63 tensors")


def test_silent_where_one_matrix_was_trained(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama").change("lm_head.weight", partial(trained, 0.1))
    assert compare(draft("llama-nvfp4"), origin) == ["B104 error lm_head.weight"]


def test_silent_where_one_weight_of_a_quantized_base_is_another(
    draft: Drafts, compare: Compare
) -> None:
    origin = draft("llama-nvfp4").change(f"{GATE}.weight_packed", lambda raw: raw[::-1])
    assert not [found for found in compare(draft("llama-nvfp4"), origin) if "B101" in found]


def trained(part: float, raw: bytes) -> bytes:
    """BF16 values, each changed by a part of their spread."""
    values = to_float32(raw, "BF16")
    noise = np.random.default_rng(len(raw)).standard_normal(len(values), np.float32)
    return bf16(*(values + part * values.std() * noise))
