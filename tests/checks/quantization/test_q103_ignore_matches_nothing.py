import pytest

from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import Draft

IGNORE = "quantization_config.ignore"


def ignoring(draft: Draft, *entries: str) -> Draft:
    return draft.config(IGNORE, [*draft.read()["quantization_config"]["ignore"], *entries])


def test_fires_on_a_misspelt_name_and_gives_the_nearest(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.1.mlp.down_prjo"
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", name])
    assert findings("Q103", broken) == [f"warning config.json: {IGNORE}.1"]
    found, _ = judge_one("Q103", broken.path)
    assert "model.layers.1.mlp.down_proj" in found[0].fix


def test_fires_as_info_on_a_pattern(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", "re:.*router.*"])
    assert findings("Q103", broken) == [f"info config.json: {IGNORE}.1"]


@pytest.mark.parametrize(
    "entry",
    [
        *("lm_head", "language_model.lm_head", "re:^mtp.*", "mtp.fc", "Linear"),
        *("model.layers.0.mlp", "model.layers.0.mlp.router"),  # stored as mlp.gate
    ],
)
def test_silent_on_what_may_be_absent(entry: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q103", ignoring(draft("qwen3-nvfp4-tied"), entry)) == []


def test_silent_on_a_pattern_that_q108_owns(draft: Drafts, findings: Judge) -> None:
    assert findings("Q103", ignoring(draft("llama-nvfp4"), "re:*mlp*", "*gate*")) == []
