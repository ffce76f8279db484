"""planned.json is what the installed vLLM plans."""

import json
from itertools import product
from pathlib import Path

import pytest

from release.memory.known_options import FOLDER
from tests.conftest import Run
from tests.memory.cases import CONFIGS, HERE, PLANNED, SETTINGS, all_cases

pytestmark = [pytest.mark.vllm, pytest.mark.slow]


def test_vllm_still_plans_what_we_are_held_to(vllm: Run, tmp_path: Path) -> None:
    """Every config, every setting, a fifth of their pairs: the whole takes vLLM minutes."""
    kept = list(zip(all_cases(), json.loads(PLANNED.read_text()), strict=True))
    pairs = product(range(len(CONFIGS)), range(len(SETTINGS)))
    chosen = [one for one, (row, column) in zip(kept, pairs, strict=True) if not (row + column) % 5]
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps([case for case, _ in chosen]))
    result = vllm(HERE / "oracle.py", cases)
    assert result.returncode == 0, result.stderr
    planned = json.loads(result.stdout.splitlines()[-1])
    for (case, expected), got in zip(chosen, planned, strict=True):
        assert got == expected, (case["name"], case["options"])


def test_the_options_are_those_of_vllm(vllm: Run) -> None:
    result = vllm(HERE / "serve_options.py")
    assert result.returncode == 0, result.stderr
    printed = [line for line in result.stdout.splitlines() if line.startswith("-")]
    assert printed == (FOLDER / "serve_options.txt").read_text().splitlines()
