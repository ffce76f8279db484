from tests.conftest import Judge
from tests.mutate import Draft

TARGETS = "quantization_config.config_groups.group_1.targets"


def test_fires_when_no_target_matches(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(TARGETS, ["re:.*experts.*"])
    assert findings("Q101", broken) == [f"error config.json: {TARGETS}"]


def test_fires_as_warning_when_one_target_of_several_matches_nothing(
    mixed: Draft, findings: Judge
) -> None:
    targets = mixed.read()["quantization_config"]["config_groups"]["group_1"]["targets"]
    broken = mixed.config(TARGETS, [*targets, "re:.*gate_porj$"])
    assert findings("Q101", broken) == [f"warning config.json: {TARGETS}"]


def test_fires_alone_on_what_a_misspelt_target_lost(mixed: Draft, findings: Judge) -> None:
    targets = mixed.read()["quantization_config"]["config_groups"]["group_1"]["targets"]
    broken = mixed.config(TARGETS, [target.replace("gate_proj", "gate_porj") for target in targets])
    assert findings("Q101", broken) == [f"error config.json: {TARGETS}"]
    assert findings("T104", broken) == []


def test_silent_when_a_pattern_matches_a_single_module(mixed: Draft, findings: Judge) -> None:
    kept = mixed.config(TARGETS, ["re:.*layers\\.3\\.self_attn\\.o_proj$"])
    assert findings("Q101", kept) == []
