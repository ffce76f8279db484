"""The packages asked about a draft, or what they might have said handed in as facts."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.facts.reference import Reference, find_reference
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from tests.mutate import Draft

Asked = Callable[..., list[str]]


@pytest.fixture(scope="session")
def reference() -> Reference:
    return find_reference(Path(sys.executable))


@pytest.fixture
def asked(reference: Reference) -> Asked:
    """Judge by one rule: `severity place: message`, and what could not be judged."""

    def judge(code: str, draft: Draft, **said: Any) -> list[str]:
        given = {"checkpoint": open_checkpoint(draft.path), "reference": reference, **said}
        verdicts = run_rules([find_rule(code).load()], Facts(given, Level.REFERENCE))
        found = [f"{f.severity} {f.where}: {f.message}" for f in verdicts.findings]
        return found + [f"not checked: {entry.reason}" for entry in verdicts.not_checked]

    return judge
