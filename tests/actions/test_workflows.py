"""What the linters of workflows do not know: our inputs, our promises to forks, pins."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.actions.conftest import ACTION
from tests.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REUSABLE = [path for path in WORKFLOWS if "workflow_call" in path.read_text()]
SELF = "$/.github/actions/release"
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def load(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    for line in re.findall(r"uses: .*", path.read_text()):
        assert PINNED.fullmatch(line) or line.startswith(f"uses: {SELF} "), line


def test_one_action_has_one_pin() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for name, commit in re.findall(r"uses: ([\w./-]+)@(\w+)", path.read_text()):
            pins.setdefault(name, set()).add(commit)
    assert {name: len(found) for name, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_permission_but_those_that_a_job_says_it_needs(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    granted = {
        scope: right
        for job in workflow["jobs"].values()
        for scope, right in job["permissions"].items()
    }
    assert (
        granted
        == {
            "ci.yml": {"contents": "read"},
            "verify.yml": {"contents": "read", "security-events": "write"},
            "publish.yml": {"contents": "read", "id-token": "write"},
        }[path.name]
    )
    assert "secrets." not in path.read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_ends_in_time_and_no_input_is_in_a_script(path: Path) -> None:
    workflow = load(path)
    assert workflow["concurrency"]["group"]
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    assert not [step for step in steps(path) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("path", REUSABLE, ids=lambda path: path.name)
def test_a_workflow_gives_the_action_inputs_that_it_has(path: Path) -> None:
    declared = yaml.safe_load((ACTION / "action.yml").read_text())
    (step,) = [step for step in steps(path) if step.get("uses") == SELF]
    assert set(step["with"]) <= set(declared["inputs"])
    ours = set(load(path)[True]["workflow_call"]["inputs"])  # YAML reads `on` as true
    text = path.read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == ours
    used = set(re.findall(r"steps\.release\.outputs\.([\w-]+)", text))
    assert used <= set(declared["outputs"])


def test_a_strangers_pull_request_never_reaches_the_gpu_machine() -> None:
    (job,) = load(ROOT / ".github/workflows/publish.yml")["jobs"].values()
    assert job["runs-on"] == ["self-hosted", "linux", "x64", "gpu"]
    assert job["environment"] == "${{ inputs.environment }}"
    assert re.findall(r'"(\w+)"', job["if"]) == ["push", "release", "workflow_dispatch", "schedule"]
    hosted = load(ROOT / ".github/workflows/verify.yml")["jobs"].values()
    assert {job["runs-on"] for job in hosted} == {"ubuntu-24.04"}


def test_a_publication_is_never_cut_short_by_the_next() -> None:
    concurrency = load(ROOT / ".github/workflows/publish.yml")["concurrency"]
    assert concurrency["cancel-in-progress"] is False
    assert "inputs.repository" in concurrency["group"]
