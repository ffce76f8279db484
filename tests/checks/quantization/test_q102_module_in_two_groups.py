import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

GROUPS = "quantization_config.config_groups"


def with_group(draft: Draft, first: list[str], second: list[str], bits: int = 4) -> Draft:
    """Put a copy of the only group, with other bits, behind it."""
    group = draft.read()["quantization_config"]["config_groups"]["group_0"]
    other = {**group, "weights": {**group["weights"], "num_bits": bits}, "targets": second}
    return draft.config(GROUPS, {"group_0": {**group, "targets": first}, "group_1": other})


OVERLAP = (["re:.*_proj$"], [r"re:.*\.o_proj$"])


def test_fires_where_vllm_takes_the_other_group(draft: Drafts, findings: Judge) -> None:
    broken = with_group(draft("llama-w8a16"), *OVERLAP)
    layers = [f"error model.layers.{i}.self_attn.o_proj" for i in range(2)]
    assert findings("Q102", broken) == layers


def test_fires_as_warning_where_vllms_names_are_unknown(draft: Drafts, findings: Judge) -> None:
    broken = with_group(draft("llama-w8a16"), *OVERLAP).config("model_type", "mystery")
    layers = [f"warning model.layers.{i}.self_attn.o_proj" for i in range(2)]
    assert findings("Q102", broken) == layers


def test_fires_on_a_target_in_two_groups(draft: Drafts, findings: Judge) -> None:
    broken = with_group(draft("llama-w8a16"), ["Linear"], ["lm_head", "Linear"])
    assert findings("Q102", broken) == [f"error config.json: {GROUPS}.group_1.targets.1"]
    assert not findings("T105", broken)


def test_fires_as_warning_on_a_target_in_two_groups_that_changes_nothing(
    draft: Drafts, findings: Judge
) -> None:
    names = (["Linear", "Foo"], ["Foo"])
    broken = with_group(draft("llama-w8a16"), *names)
    assert findings("Q102", broken) == [f"warning config.json: {GROUPS}.group_1.targets.0"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["Linear"], [r"re:.*\.o_proj$"]),  # a class gives way to a pattern everywhere
        (["model.layers.0.self_attn.o_proj"], ["re:.*_proj$"]),
        ([r"re:.*\.(q|k|v|gate|up|down)_proj$"], [r"re:.*\.o_proj$"]),
        ([r"re:.*\.o_proj$"], ["re:.*_proj$"]),  # both readers take the first
    ],
)
def test_silent_where_both_agree(
    first: list[str], second: list[str], draft: Drafts, findings: Judge
) -> None:
    assert findings("Q102", with_group(draft("llama-w8a16"), first, second)) == []


def test_silent_on_groups_with_the_same_arguments(draft: Drafts, findings: Judge) -> None:
    kept = with_group(draft("llama-w8a16"), *OVERLAP, bits=8)
    assert findings("Q102", kept) == []
