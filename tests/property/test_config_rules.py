"""Whatever JSON stands in a side file, the C rules answer."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules.catalogue import LoadedRule, all_rules
from release.rules.runner import run_rules
from tests.conftest import DEMO
from tests.mutate import Draft

# The child that renders templates takes its time, and has tests of its own.
SLOW = "C118"
Factory = pytest.TempPathFactory
FILES = (
    *("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"),
    *("preprocessor_config.json", "processor_config.json", "model.safetensors.index.json"),
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([math.inf, math.nan, 0.5, 10**400, "", "²", "yarn", "re:*", "a" * 300])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


@pytest.fixture(scope="module")
def rules() -> list[LoadedRule]:
    return [rule.load() for rule in all_rules() if rule.code.startswith("C") and rule.code != SLOW]


def paths(value: Any, path: str = "") -> list[str]:
    """Paths of an object's own keys, and of those of the objects in it."""
    found = []
    for key, entry in value.items() if isinstance(value, dict) else ():
        found.append(f"{path}{key}")
        found.extend(paths(entry, f"{path}{key}."))
    return found


PLACES = [
    (file, path)
    for file in FILES
    if (DEMO / file).exists()
    for path in paths(json.loads((DEMO / file).read_bytes()))
    if not any(part in path for part in (".vocab.", "config_groups.", "weight_map."))
]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
)
@given(place=st.sampled_from(PLACES), value=values)
@example(place=("config.json", "vision_config.in_channels"), value=[])
@example(place=("preprocessor_config.json", "image_mean"), value=10**400)
def test_no_value_in_a_side_file_stops_a_rule(
    place: tuple[str, str], value: Any, rules: list[LoadedRule], tmp_path_factory: Factory
) -> None:
    file, path = place
    broken = Draft(DEMO, tmp_path_factory.mktemp("draft") / "checkpoint").edit(file, path, value)
    facts = Facts({"checkpoint": open_checkpoint(broken.path)}, Level.HEADERS)
    for finding in run_rules(rules, facts).findings:
        assert finding.message
        assert finding.fix
