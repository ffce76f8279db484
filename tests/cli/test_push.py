"""`release push` as a person or a script calls it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from release.demo.hub import HubServer
from tests.conftest import Run
from tests.publish.world import (
    RECORD,
    REPO,
    Push,
    published,
    release_files,
    repo_of,
    writes,
)
from tests.warm.tool import warm


def test_json_is_one_document_with_plan_commit_and_address(
    hub: HubServer, work: Path, push: Push
) -> None:
    done = push(REPO, "ckpt", "--yes", "--tag", "v1", "--format", "json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    repo = repo_of(hub)
    assert result["commit"] == repo.branches["main"]
    assert result["url"] == f"{hub.endpoint}/{REPO}"
    assert result["commit_url"] == f"{hub.endpoint}/{REPO}/commit/{result['commit']}"
    assert (result["made"], result["tag"], result["visibility"]) == (True, "v1", "public")
    planned = {file["path"] for file in result["plan"]["files"]}
    assert planned == {*release_files(work), RECORD}
    assert done.stderr == ""


def test_the_result_goes_to_a_file_and_the_plan_to_stderr(
    hub: HubServer, work: Path, push: Push
) -> None:
    done = push("--yes", "-o", "out/result.txt")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "add" in done.stderr
    assert "published: every file as verified" in (work / "out" / "result.txt").read_text()
    assert published(hub) == release_files(work)


def test_quiet_says_one_line(push: Push) -> None:
    done = push("--yes", "-q")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_without_a_terminal_it_must_be_told_yes(hub: HubServer, push: Push) -> None:
    done = push("--tag", "v1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: nobody is there to ask")
    assert writes(hub) == []


@pytest.mark.parametrize(("answer", "code"), [("n\n", 2), ("y\n", 0)])
def test_on_a_terminal_it_asks(
    answer: str, code: int, hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    ours, theirs = os.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        [*warm(), "push"], cwd=work, env=client_env, stdin=theirs, capture_output=True, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == code
    assert f"Publish this on {REPO}? [y/N]".encode() in done.stderr
    assert (REPO in hub.store) == (code == 0)


def test_help_names_every_option_and_exit_code(run: Run) -> None:
    text = run("push", "--help").stdout
    for option in ("--dry-run", "--create-pr", "--private", "--public", "--tag", "--yes"):
        assert option in text
    for code in ("0 published", "1 the report", "2 cannot run", "3 something required"):
        assert code in " ".join(text.split())
