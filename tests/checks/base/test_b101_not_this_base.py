from tests.conftest import Compare, Drafts


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
