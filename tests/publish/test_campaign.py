"""Every request of a push x every fault, with the client's two ways of uploading."""

from collections import Counter
from pathlib import Path

import pytest

from tests.publish.campaign import KINDS, SCENARIOS, run_all
from tests.publish.world import environment

MODES = {"lfs": ({"HF_HUB_DISABLE_XET": "1"}, 1), "xet": ({}, 8)}
FEWEST = 12 * 15 * 3  # kinds, requests, scenarios: a push that asks less looks at less


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_the_hub_is_right_after_every_fault_and_a_rerun_completes(
    mode: str, verified: Path, tmp_path: Path
) -> None:
    settings, share = MODES[mode]
    env = environment(tmp_path, HF_HUB_DISABLE_PROGRESS_BARS="1", **settings)
    results = run_all(verified, env, share=share)
    assert [result for result in results if "failed" in result] == []
    assert [result for result in results if not result["hit"]] == []
    assert len(results) > FEWEST / share
    assert {result["kind"] for result in results} == set(KINDS)
    assert {result["scenario"] for result in results} == set(SCENARIOS)
    survived = Counter(result["kind"] for result in results if not result["said"])
    for kind in ("503", "500, done", "dropped", "dropped, done", "cut short", "429"):
        assert survived[kind] == sum(result["kind"] == kind for result in results), kind
