from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.facts.absences import Absences
from tests.conftest import CHECKPOINTS, DEMO, Drafts
from tests.mutate import Draft

MOE_BLOCK = "model.layers.0.mlp"


def absences(path: Path) -> Absences:
    found = Facts({"checkpoint": open_checkpoint(path)}, Level.HEADERS).get("absences")
    assert isinstance(found, Absences)
    return found


def owners(draft: Draft) -> dict[str, int]:
    """How many modules each owner has; together they are all that is missing."""
    found = absences(draft.path)
    counts = {
        owner: len(names)
        for owner in Absences.__struct_fields__
        if isinstance(names := getattr(found, owner), tuple)
    }
    return {owner: count for owner, count in counts.items() if count}


def drop(draft: Draft, prefix: str) -> Draft:
    for name in draft.tensors():
        if name.startswith(prefix):
            draft.drop(name)
    return draft


@pytest.mark.parametrize("name", ["qwen3_5-mtp", "qwen3_moe-nvfp4", "qwen3-nvfp4-tied"])
def test_nothing_is_missing_from_a_good_checkpoint(name: str) -> None:
    assert absences(CHECKPOINTS / name) == Absences()
    assert absences(DEMO) == Absences()


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("llama-nvfp4", "model.layers.1.", {"layers": 9}),
        ("llama-nvfp4", "model.layers.1.mlp.", {"incomplete": 3}),
        ("llama-nvfp4", "model.layers.1.self_attn.", {"incomplete": 4}),
        ("llama-nvfp4", "model.norm.", {"incomplete": 1}),
        ("llama-nvfp4", "model.embed_tokens.", {"incomplete": 1}),
        ("llama-nvfp4", "lm_head.", {"head": 1}),
        ("qwen3_moe-fp8", f"{MOE_BLOCK}.experts.3.", {"experts": 3}),
        ("qwen3_moe-fp8", f"{MOE_BLOCK}.experts.3.up_proj.", {"incomplete": 1}),
        ("qwen3_moe-fp8", f"{MOE_BLOCK}.gate.", {"incomplete": 1}),
        ("qwen3_5-mtp", "mtp.", {"mtp": 1}),
        ("qwen3_5-mtp", "mtp.fc.", {}),
        ("demo", "model.visual.blocks.0.norm1.", {"incomplete": 1}),
    ],
)
def test_each_missing_module_has_one_owner(
    name: str, prefix: str, expected: dict[str, int], draft: Drafts
) -> None:
    assert owners(drop(draft(name), prefix)) == expected


def test_two_faults_have_two_owners(draft: Drafts) -> None:
    broken = drop(drop(draft("demo"), "model.visual."), "lm_head.")
    assert set(owners(broken)) == {"vision", "head"}


def test_a_layer_of_another_kind_is_a_mixer(draft: Drafts) -> None:
    kinds = ["full_attention", *["linear_attention"] * 2, "full_attention"]
    broken = draft("demo").config("text_config.layer_types", kinds)
    assert set(owners(broken)) == {"mixers"}


def test_a_layer_that_should_be_dense_belongs_to_the_experts(draft: Drafts) -> None:
    assert owners(draft("qwen3_moe-fp8").config("mlp_only_layers", [0])) == {"experts": 3}


def test_a_moved_model_is_elsewhere_and_what_it_lacks_is_still_owned(draft: Drafts) -> None:
    moved = drop(draft("llama-nvfp4"), "model.layers.1.mlp.")
    for name in moved.tensors():
        moved.rename(name, name.replace("model.", "model.language_model."))
    found = absences(moved.path)
    assert found.stack == "model.language_model.layers"
    assert set(owners(moved)) == {"elsewhere", "incomplete"}
    assert len(found.incomplete) == 3


def test_experts_in_one_tensor_are_not_missing(draft: Drafts) -> None:
    fused = drop(draft("qwen3_moe-fp8"), f"{MOE_BLOCK}.experts.")
    name = f"{MOE_BLOCK}.experts.gate_up_proj"
    fused.add(name, "BF16", [8, 128, 128], beside=f"{MOE_BLOCK}.gate.weight")
    assert owners(fused) == {}
