import numpy as np
import pytest

from tests.conftest import Compare, Drafts

GATE = "model.layers.0.mlp.gate_proj"


def nudge(raw: bytes, share: float, by: int) -> bytes:
    """Move a share of the INT8 codes by some steps, towards zero."""
    codes = np.frombuffer(raw, np.int8).astype(np.int16)
    moved = np.random.default_rng(3).random(len(codes)) < share
    codes[moved] -= by * np.sign(codes[moved])
    return codes.astype(np.int8).tobytes()


def test_fires_on_codes_of_another_rounding(draft: Drafts, compare: Compare) -> None:
    odd = draft("llama-w8a8-int8").change(f"{GATE}.weight", lambda raw: nudge(raw, 0.2, 1))
    assert compare(odd, "llama") == [f"B111 warning {GATE}"]


def test_fires_harder_on_codes_two_steps_away(draft: Drafts, compare: Compare) -> None:
    wrong = draft("llama-w8a8-int8").change(f"{GATE}.weight", lambda raw: nudge(raw, 0.2, 3))
    assert compare(wrong, "llama") == [f"B111 error {GATE}"]


def test_silent_where_gptq_moved_them(draft: Drafts, compare: Compare) -> None:
    recipe = "default_stage:\n  default_modifiers:\n    GPTQModifier:\n      targets: [Linear]\n"
    moved = draft("llama-w8a8-int8").change(f"{GATE}.weight", lambda raw: nudge(raw, 0.2, 1))
    assert compare(moved.write("recipe.yaml", recipe), "llama") == []


@pytest.mark.parametrize("module", [GATE, "model.layers.0.self_attn.k_proj"])
def test_fires_without_a_recipe_on_one_among_plainly_rounded_ones(
    module: str, draft: Drafts, compare: Compare
) -> None:
    odd = draft("llama-w8a8-int8").change(f"{module}.weight", lambda raw: nudge(raw, 0.3, 1))
    assert compare(odd.remove("recipe.yaml"), "llama") == [f"B111 warning {module}"]


def test_silent_without_a_recipe_where_a_whole_layer_was_moved(
    draft: Drafts, compare: Compare
) -> None:
    moved = draft("llama-w8a8-int8").remove("recipe.yaml")
    for tensor in [name for name in moved.tensors() if ".0." in name and "_proj.weight" in name]:
        if not tensor.endswith("scale"):
            moved.change(tensor, lambda raw: nudge(raw, 0.2, 1))
    assert compare(moved, "llama") == []


def test_silent_on_gptq_without_its_recipe(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-w4a16-gptq").remove("recipe.yaml"), "llama") == []


GPTQ = "default_stage:\n  default_modifiers:\n    GPTQModifier:\n      targets: [Linear]\n"


@pytest.mark.parametrize(("recipe", "found"), [("", [f"B111 warning {GATE}"]), (GPTQ, [])])
def test_fires_on_a_single_code_and_silent_where_gptq_moves_them(
    recipe: str, found: list[str], draft: Drafts, compare: Compare
) -> None:
    def flip(raw: bytes) -> bytes:
        return raw[:700] + bytes([raw[700] ^ 0x40]) + raw[701:]

    broken = draft("llama-w8a8-int8").change(f"{GATE}.weight", flip)
    broken = broken.write("recipe.yaml", recipe) if recipe else broken
    assert compare(broken, "llama") == found
    assert all(
        "1 of 32,768 codes is beside the base's by steps, the first in row 5" in words
        for words in compare(broken, "llama", words=True)
    )


@pytest.mark.parametrize(("by", "found"), [(3, [f"B109 error {GATE}"]), (0, [])])
def test_silent_on_codes_of_gptq_that_are_all_too_large_which_b109_reports(
    by: int, found: list[str], draft: Drafts, compare: Compare
) -> None:
    def higher(raw: bytes) -> bytes:
        codes = np.frombuffer(nudge(raw, 0.2, 1), np.int8).astype(np.int16) + by
        return codes.clip(-128, 127).astype(np.int8).tobytes()

    moved = draft("llama-w8a8-int8").change(f"{GATE}.weight", higher)
    assert compare(moved.write("recipe.yaml", GPTQ), "llama") == found
