"""The packages asked about a draft, or what they might have said handed in as facts."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.facts.reference import Reference, find_reference
from release.offline import offline_environment
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from tests.conftest import ROOT
from tests.mutate import Draft
from tests.warm import warm_python

Asked = Callable[..., list[str]]

PACKAGES = (
    "compressed_tensors.quantization",
    "compressed_tensors.utils.match",
    "transformers.core_model_loading",
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.tokenization_auto",
)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    environment = offline_environment() | {"PYTHONPATH": str(ROOT)}
    folder = tmp_path_factory.mktemp("warm")
    with warm_python(folder, Path(sys.executable), PACKAGES, environment) as python:
        yield find_reference(python)


@pytest.fixture
def asked(reference: Reference) -> Asked:
    """Judge by one rule: `severity place: message`, and what could not be judged."""

    def judge(code: str, draft: Draft, **said: Any) -> list[str]:
        given = {"checkpoint": open_checkpoint(draft.path), "reference": reference, **said}
        verdicts = run_rules([find_rule(code).load()], Facts(given, Level.REFERENCE))
        found = [f"{f.severity} {f.where}: {f.message}" for f in verdicts.findings]
        return found + [f"not checked: {entry.reason}" for entry in verdicts.not_checked]

    return judge
