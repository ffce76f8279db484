import pytest

from tests.conftest import Drafts, Judge

TARGETS = "quantization_config.config_groups.group_0.targets"
IGNORE = "quantization_config.ignore"


@pytest.mark.parametrize(
    "pattern",
    [
        "re:*mlp*",
        "re:.*(gate|up_proj$",
        "re:(.*)*x",
        "re: .*q_proj$",
        "RE:.*q_proj$",
        "regex:.*q_proj$",
        ".*q_proj$",
        "model.layers.*.mlp.down_proj",
        "re:" + "a" * 1001,
    ],
)
def test_fires_on_a_target_and_on_an_ignore(pattern: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(TARGETS, ["Linear", pattern])
    assert findings("Q108", broken) == [f"error config.json: {TARGETS}.1"]
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", pattern])
    assert findings("Q108", broken) == [f"error config.json: {IGNORE}.1"]


def test_fires_alone_where_nothing_else_is_matched(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(TARGETS, ["re:*proj"])
    assert findings("Q108", broken) == [f"error config.json: {TARGETS}.0"]
    assert findings("Q101", broken) == []


@pytest.mark.parametrize(
    "target",
    ["Linear", "model.layers.0.mlp.up_proj", "re:.*mlp.(gate|up)_proj", "re:^model[.]layers[.]\\d"],
)
def test_silent_on_names_classes_and_patterns(target: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q108", draft("llama-nvfp4").config(TARGETS, [target])) == []
