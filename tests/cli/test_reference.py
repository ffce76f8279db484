"""`release verify --reference`, as a user runs it."""

import json
import sys
from pathlib import Path

import pytest

from release.architecture import ModelConfig
from release.errors import ReleaseError
from release.facts.reference import Reference, ask, find_reference
from release.facts.reference.model import TheirModel, derive_from
from release.unknown import Unknown
from tests.checks.reference.conftest import reference
from tests.conftest import Drafts, Run

__all__ = ["reference"]

pytestmark = pytest.mark.reference
NORM = "model.layers.1.input_layernorm.weight"


def test_the_packages_agree_about_the_demo(run: Run, draft: Drafts) -> None:
    done = run(
        "verify", draft("demo").path, "--level", "headers", "--reference", "--format", "json"
    )
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    assert report["levels"]["reference"] == "done"
    assert report["facts"]["reference"].keys() == {"compressed-tensors", "transformers", "torch"}
    assert {"R101", "R102", "R103", "R104", "R105", "R106"} <= set(report["checked"])
    assert not [entry for entry in report["not_checked"] if entry["required"]]


def test_a_class_without_a_file_of_ours_is_judged_by_theirs(run: Run, draft: Drafts) -> None:
    """Helium's tensors are named and shaped as Llama's; we have no file for it."""
    broken = draft("llama-nvfp4").config("model_type", "helium")
    broken.config("architectures", ["HeliumForCausalLM"]).drop(NORM)
    options = ("--level", "headers", "--format", "json")
    alone = json.loads(run("verify", broken.path, *options).stdout)
    assert "T118" not in alone["checked"]
    report = json.loads(run("verify", broken.path, *options, "--reference").stdout)
    assert "T118" in report["checked"]
    assert {"T117"} <= {finding["rule"] for finding in report["findings"]}


def test_without_the_extra_it_says_what_to_install(run: Run, tmp_path: Path, draft: Drafts) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    done = run("verify", draft("demo").path, "--reference", "--python", bare)
    assert done.returncode == 2
    assert "release-checkpoint[reference]" in done.stderr
    assert "--reference needs compressed-tensors and transformers and torch" in done.stderr


def test_a_python_that_is_none_is_named() -> None:
    with pytest.raises(ReleaseError, match="nowhere/python"):
        find_reference(Path("nowhere/python"))


def test_a_child_that_takes_too_long_is_stopped() -> None:
    declaration = {"config_groups": {"g": {"targets": ["re:(a+)+$"]}}}
    order = {"declaration": declaration, "modules": {"a" * 40 + "b": "Linear"}}
    answers = ask(Reference(Path(sys.executable), {}, seconds=1), "declare", order)
    assert answers["unable"] == "it was stopped after 1 s"


def test_what_one_script_does_to_its_process_is_not_the_next_ones(reference: Reference) -> None:
    assert ask(reference, "nowhere", {})["unable"].startswith("FileNotFoundError")
    answers = ask(reference, "declare", {"declaration": {"config_groups": 3}, "modules": {}})
    assert "unable" not in answers
    assert answers["refusal"].startswith("ValidationError")


def test_a_skeleton_under_other_names_is_no_architecture() -> None:
    theirs = TheirModel("t 9", linear={"decoder.0.weight": (2, 2), "decoder.1.weight": (2, 2)})
    found = derive_from(theirs, ModelConfig({}), {"model.layers.0"})
    assert isinstance(found, Unknown)
