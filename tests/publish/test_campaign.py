"""Every request of a push x every fault, with the client's two ways of uploading."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from release.demo.hub import HubServer
from tests.conftest import ROOT
from tests.publish.campaign import KINDS, SCENARIOS, run_all
from tests.publish.world import (
    edit_manifest,
    environment,
    published,
    release_files,
    render_again,
    repo_of,
    require_no_token,
)

PLAIN = {"HF_HUB_DISABLE_XET": "1"}
NEWEST = ROOT / ".venv-hub" / "bin" / "python"
MODES: dict[str, tuple[str | Path, dict[str, str], int]] = {
    "plain": (sys.executable, PLAIN, 1),
    "xet": (sys.executable, {}, 7),
    "plain, newest client": (NEWEST, PLAIN, 7),
    "xet, newest client": (NEWEST, {}, 7),
}
"""The client's Python, its settings, and of how many runs one is made; 7 meets every kind."""

FEWEST = 12 * 15 * 3  # kinds, requests, scenarios: a push that asks less looks at less


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_the_hub_is_right_after_every_fault_and_a_rerun_completes(
    mode: str, verified: Path, tmp_path: Path
) -> None:
    python, settings, share = MODES[mode]
    assert Path(python).exists(), "run `make .venv-hub/ready`"
    env = environment(tmp_path, HF_HUB_DISABLE_PROGRESS_BARS="1", **settings)
    results = run_all(verified, env, share=share, python=str(python))
    assert [result for result in results if "failed" in result] == []
    assert [result for result in results if not result["hit"]] == []
    assert len(results) > FEWEST / share
    assert {result["kind"] for result in results} == set(KINDS)
    assert {result["scenario"] for result in results} == set(SCENARIOS)
    survived = Counter(result["kind"] for result in results if not result["said"])
    for kind in ("503", "500, done", "dropped", "dropped, done", "cut short", "429"):
        assert survived[kind] == sum(result["kind"] == kind for result in results), kind


@pytest.mark.parametrize("settings", [{}, PLAIN], ids=["xet", "plain"])
def test_the_newest_client_as_a_user_runs_it(
    settings: dict[str, str], hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    def push(*args: str) -> str:
        command = [str(NEWEST), "-m", "release", "push", *args]
        env = client_env | settings
        done = subprocess.run(
            command, cwd=work, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        require_no_token(hub, work.parent, done.stdout + done.stderr)
        return done.stdout

    version = subprocess.run(
        [str(NEWEST), "-c", "import huggingface_hub as h; print(h.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert version.startswith("2.")
    assert "published" in push("--yes", "--tag", "v1")
    assert published(hub) == release_files(work)
    assert "nothing to do" in push("--yes", "--tag", "v1")
    edit_manifest(work, '"assets/logo.txt"', "")
    render_again(work)
    assert "pull request opened" in push("--yes", "--create-pr")
    assert [each.status for each in repo_of(hub).discussions.values()] == ["open"]
    assert "assets/logo.txt" not in published(hub, "refs/pr/1")
