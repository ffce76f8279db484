"""planned.json is what the installed vLLM plans."""

import json
from pathlib import Path

import pytest

from release.memory.command import DATA
from tests.conftest import Run
from tests.memory.cases import HERE, PLANNED, all_cases

pytestmark = [pytest.mark.vllm, pytest.mark.slow]


def test_vllm_still_plans_what_we_are_held_to(vllm: Run, tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(all_cases()))
    result = vllm(HERE / "oracle.py", cases)
    assert result.returncode == 0, result.stderr
    planned = json.loads(result.stdout.splitlines()[-1])
    for case, got, kept in zip(all_cases(), planned, json.loads(PLANNED.read_text()), strict=True):
        assert got == kept, (case["name"], case["options"])


def test_the_options_are_those_of_vllm(vllm: Run) -> None:
    result = vllm(HERE / "serve_options.py")
    assert result.returncode == 0, result.stderr
    printed = [line for line in result.stdout.splitlines() if line.startswith("-")]
    assert printed == DATA.read_text().splitlines()
