"""Inputs of the action: every fault is named, and none of them reaches a command."""

import json
from collections import ChainMap
from pathlib import Path

import pytest
import yaml

from release.actions.inputs import Inputs, is_fork, read_inputs
from release.errors import ReleaseError
from tests.actions.conftest import ACTION, MakeJob


def read(*environment: dict[str, str], **given: str) -> Inputs:
    inputs = {name.replace("_", "-"): value for name, value in given.items()}
    return read_inputs({"INPUTS": json.dumps(inputs)} | dict(ChainMap(*environment)))


def pull_request(tmp_path: Path, head: str, **more: str) -> dict[str, str]:
    event = tmp_path / "event.json"
    sides = {"head": {"repo": {"full_name": head}}, "base": {"repo": {"full_name": "acme/recipes"}}}
    event.write_text(json.dumps({"pull_request": sides}))
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), **more}


def test_they_are_those_that_the_action_declares_with_the_same_defaults() -> None:
    declared = yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]
    assert {name.replace("-", "_") for name in declared} == set(Inputs.__struct_fields__)
    assert read(**{name: entry["default"] for name, entry in declared.items()}) == Inputs()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"level": "all"}, "level: 'all' is none of '', headers, bytes"),
        ({"push": "yes"}, "push: 'yes' is none of none, plan, pull-request, commit"),
        ({"smoke": "1"}, "smoke: '1' is none of '', true, false"),
        ({"card": "write", "push": "commit", "repository": "a b/c"}, "is not owner/name"),
        ({"card": "write", "push": "commit", "tag": "../v1"}, "is not the name of a tag"),
        ({"checkpoint": "--help"}, "would be read as an option"),
        ({"message": "a\n::error::b"}, "holds a line break or a control character"),
        ({"working_directory": "not/here"}, "is not a folder here"),
        ({"chekpoint": "ckpt"}, "there is no input 'chekpoint'"),
        ({"push": "commit"}, "push: needs a card of this report"),
        ({"push": "commit", "card": "write", "level": "headers"}, "level is headers"),
        ({"card": "write", "push": "commit", "branch": "-x"}, "is not the name of a branch"),
        ({"tag": "v1"}, "tag: goes with push: commit"),
        ({"branch": "next", "push": "pull-request"}, "branch: goes with push: commit"),
    ],
)
def test_a_fault_is_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(ReleaseError) as raised:
        read(**given)
    assert words in str(raised.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ReleaseError, match=r"card: 'x' .*; level: 'y' .*; unknown: 'z' "):
        read(card="x", level="y", unknown="z")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"level": 1}', '{"level": null}'])
def test_what_is_no_object_of_strings_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="not one object of strings"):
        read_inputs({"INPUTS": text})


def test_nothing_is_published_from_a_pull_request(tmp_path: Path) -> None:
    ours = pull_request(tmp_path, "acme/recipes")
    assert read(ours, card="write", push="plan", smoke="true").smoke
    for push in ("commit", "pull-request"):
        with pytest.raises(ReleaseError, match="nothing is published from a pull request"):
            read(ours, card="write", push=push)


def test_a_fork_gets_neither_a_gpu_nor_a_machine_of_ours(tmp_path: Path) -> None:
    fork = pull_request(tmp_path, "stranger/recipes")
    assert read(fork, card="check").card == "check"
    with pytest.raises(ReleaseError, match="not for a pull request from a fork"):
        read(fork, smoke="true")
    with pytest.raises(ReleaseError, match="runs on no self-hosted runner"):
        read(fork | {"RUNNER_ENVIRONMENT": "self-hosted"})


@pytest.mark.parametrize("event", ["", "{}", '{"pull_request": {"head": {"repo": null}}}', "[1]"])
def test_an_event_that_cannot_be_read_is_a_strangers(tmp_path: Path, event: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(event)
    assert is_fork({"GITHUB_EVENT_PATH": str(path)})
    assert is_fork({})


def test_the_job_says_it_as_an_annotation_and_runs_nothing(job: MakeJob) -> None:
    done = job(inputs={"checkpoint": "ckpt", "level": "everything"})
    assert done.steps["inputs"].code == 2
    assert done.log == (
        "::error title=release::inputs of the action: level: 'everything' is none of '', headers,"
        " bytes\n"
    )
    assert done.steps["verify"].outcome == "skipped"
    assert done.outputs["verdict"] == "error"
    assert "level: 'everything' is none of" in done.summary
