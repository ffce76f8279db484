"""Workflows that the docs show: they fit the reusable ones, by GitHub's schema and by ours."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

SHOWN = [
    block
    for page in sorted(ROOT.glob("docs/**/*.md"))
    for block in re.findall(r"```yaml[^\n]*\n(.*?)```", page.read_text(), re.DOTALL)
    if ".github/workflows/" in block
]


def called(job: dict[str, Any]) -> dict[Any, Any]:
    name = re.fullmatch(r"OWNER/release/(\.github/workflows/\w+\.yml)@SHA", job["uses"])
    assert name, job["uses"]
    found: dict[Any, Any] = yaml.safe_load((ROOT / name[1]).read_text())
    return found


def test_one_is_shown() -> None:
    assert SHOWN


@pytest.mark.parametrize("text", SHOWN)
def test_it_gives_what_the_workflow_takes_and_grants_what_its_jobs_need(text: str) -> None:
    shown = yaml.safe_load(text)
    assert shown["permissions"] == {}
    for job in shown["jobs"].values():
        workflow = called(job)
        inputs = workflow[True]["workflow_call"]["inputs"]  # YAML reads `on` as true
        assert job["with"].keys() <= inputs.keys()
        assert {name for name, entry in inputs.items() if entry.get("required")} <= set(job["with"])
        needed: dict[str, str] = {}
        for inner in workflow["jobs"].values():
            needed |= inner["permissions"]
        assert job["permissions"] == needed, "a caller that grants less is refused before it starts"


@pytest.mark.parametrize("text", SHOWN)
def test_it_fits_the_schema_of_workflows(text: str, tmp_path: Path) -> None:
    (tmp_path / "release.yml").write_text(text)
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [
        str(tool),
        "--builtin-schema",
        "vendor.github-workflows",
        str(tmp_path / "release.yml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
