"""The action's own steps, run as a runner does: files, environment, annotations, signals."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from release.demo.hub import HubServer
from tests.actions.conftest import MakeJob
from tests.mutate import Draft

REPO = "acme/tiny-NVFP4"
CLAIMS = {"repository": "acme/recipes", "ref": "refs/tags/v1", "workflow": "publish"}
PUBLISH = {"checkpoint": "ckpt", "card": "write", "push": "commit", "tag": "v1"}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as running:
        HfApi(endpoint=running.endpoint, token=running.token).create_repo(REPO)
        running.trust(REPO, CLAIMS)
        yield running
        assert running.failures == []


def identity(hub: HubServer) -> dict[str, str]:
    return hub.start_job(CLAIMS) | {"HF_ENDPOINT": hub.endpoint}


def test_a_release_from_the_tag_to_the_hub_without_a_token(
    job: MakeJob, hub: HubServer, workspace: Path
) -> None:
    done = job(inputs=PUBLISH, **identity(hub))
    assert {name: step.outcome for name, step in done.steps.items()} == dict.fromkeys(
        ("install", "inputs", "verify", "card", "push", "summary"), "success"
    ), done.log
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    head = api.model_info(REPO).sha
    assert done.outputs == {
        "verdict": "passed",
        "report": str(workspace / ".release/report.json"),
        "sarif": str(workspace / ".release/report.sarif"),
        "card": str(workspace / "ckpt/README.md"),
        "commit": head,
    }
    assert [tag.name for tag in api.list_repo_refs(REPO).tags] == ["v1"]
    assert json.loads((workspace / ".release/report.sarif").read_text())["version"] == "2.1.0"
    summary = done.summary
    for part in ("passed", "```mermaid\npie", "NVFP4", "### Weights", f"`{str(head)[:12]}`"):
        assert part in summary
    assert hub.hub.access.redact(done.log + summary) == done.log + summary


def test_what_is_on_the_hub_is_verified_and_the_card_here_audited(
    job: MakeJob, hub: HubServer, workspace: Path
) -> None:
    assert not job(inputs=PUBLISH, **identity(hub)).failed
    shutil.move(workspace / "ckpt" / "README.md", workspace / "README.md")
    shutil.rmtree(workspace / "ckpt")
    done = job(inputs={"checkpoint": f"{REPO}@v1", "card": "check"}, HF_ENDPOINT=hub.endpoint)
    assert not done.failed, done.log
    assert done.outputs["verdict"] == "passed"
    assert f"{REPO}@{hub_head(hub)[:12]}" in done.summary
    (workspace / "README.md").unlink()
    done = job(inputs={"checkpoint": f"{REPO}@v1", "card": "check"}, HF_ENDPOINT=hub.endpoint)
    assert "::error title=release::release card: Invalid value for '--check'" in done.log


def hub_head(hub: HubServer) -> str:
    return str(HfApi(endpoint=hub.endpoint, token=hub.token).model_info(REPO).sha)


def test_findings_are_annotations_and_nothing_is_pushed(
    job: MakeJob, hub: HubServer, workspace: Path
) -> None:
    broken = workspace / "ckpt" / "config.json"
    broken.write_text(broken.read_text().replace("gate_proj", "gate_porj"))
    done = job(inputs=PUBLISH, **identity(hub))
    assert [done.steps[name].outcome for name in ("verify", "card", "push", "summary")] == [
        "failure",
        "skipped",
        "skipped",
        "success",
    ]
    assert done.steps["verify"].code == 1
    assert "Q101" in done.log, done.log
    assert done.outputs["verdict"] == "failed"
    assert done.outputs["commit"] == ""
    assert "Q101 group-matches-nothing" in done.summary
    assert not [request for request in hub.requests if "/commit/" in request.path]


def test_a_workflow_that_the_repository_does_not_trust(job: MakeJob, hub: HubServer) -> None:
    stranger = hub.start_job(CLAIMS | {"ref": "refs/heads/other"})
    done = job(inputs=PUBLISH, HF_ENDPOINT=hub.endpoint, **stranger)
    assert done.steps["push"].outcome == "failure"
    assert "::error title=release::release push: " in done.steps["push"].log
    assert "trusted publisher" in done.steps["push"].log
    assert done.outputs["verdict"] == "passed"
    assert done.outputs["commit"] == ""


def test_the_card_that_is_there_is_audited(job: MakeJob, workspace: Path) -> None:
    readme = workspace / "README.md"
    readme.write_text("---\nlicense: mit\n---\n\n# tiny\n\n27.3B parameters, 9.99 GB of weights.\n")
    inputs = {"checkpoint": "ckpt", "card": "check", "readme": "README.md"}
    done = job(inputs=inputs)
    assert done.steps["verify"].outcome == "success"
    assert done.steps["card"].code == 1
    assert "::error file=README.md,line=" in done.steps["card"].log, done.steps["card"].log
    assert "### The card's claims" in done.summary
    assert "K104" in done.summary
    assert done.outputs["card"] == str(readme)


def test_a_plan_writes_nothing(job: MakeJob, hub: HubServer, workspace: Path) -> None:
    done = job(inputs=PUBLISH | {"push": "plan", "tag": "", "branch": "next"}, **identity(hub))
    assert not done.failed, done.log
    plan = json.loads((workspace / ".release" / "push.json").read_text())
    assert (plan["branch"], plan["start_branch"]) == ("next", True)
    assert done.outputs["commit"] == ""
    assert "A plan only" in done.summary
    assert "add      config.json" in done.summary
    assert HfApi(endpoint=hub.endpoint).list_repo_files(REPO) == [".gitattributes"]


def test_a_repository_that_is_not_the_manifests_is_refused_at_once(
    job: MakeJob, hub: HubServer
) -> None:
    done = job(inputs=PUBLISH | {"repository": "acme/other"}, **identity(hub))
    assert done.steps["verify"].code == 2
    assert f"release.toml says '{REPO}', the input repository 'acme/other'" in done.log
    assert done.outputs["verdict"] == "error"


def test_a_checkpoint_that_is_not_there(job: MakeJob) -> None:
    done = job(inputs={"checkpoint": "nowhere"})
    assert done.steps["verify"].code == 2
    assert done.outputs["verdict"] == "error"
    assert done.outputs["report"] == ""
    assert "::error title=release::release verify: nowhere: does not exist" in done.log
    assert "could not verify" in done.summary


def test_what_is_there_before_is_not_taken_for_this_jobs(job: MakeJob, workspace: Path) -> None:
    assert job(inputs={"checkpoint": "ckpt"}).outputs["verdict"] == "passed"
    left = workspace / ".release"
    assert (left / "report.json").is_file()
    (left / "card-audit.md").write_text("every claim holds")
    (left / "push.json").write_text('{"commit": "0123"}')
    foreign = left / "folder-report.json"
    foreign.write_text("[]")
    done = job(inputs={"checkpoint": "nowhere", "card": "check", "push": "plan"})
    assert done.outputs == dict.fromkeys(("report", "sarif", "card", "commit"), "") | {
        "verdict": "error"
    }
    assert not foreign.exists()
    assert done.summary.endswith("## release could not verify\n\nThe log of the step says why.\n")
    shutil.rmtree(left)
    left.symlink_to(workspace.parent)
    assert ".release: is no folder" in job(inputs={"checkpoint": "ckpt"}).log
    left.unlink()
    (left / "report.json").mkdir(parents=True)
    done = job(inputs={"checkpoint": "ckpt"})
    assert ".release/report.json: is a folder" in done.log
    assert done.outputs["verdict"] == "error"


def test_nothing_of_the_workspace_is_run(job: MakeJob, workspace: Path) -> None:
    for name in ("release", "json", "venv", "pip", "msgspec", "click", "sitecustomize"):
        (workspace / f"{name}.py").write_text("print('::error::taken over'); raise SystemExit(9)\n")
    done = job(inputs={"checkpoint": "ckpt"})
    assert done.outputs["verdict"] == "passed", done.log
    assert "taken over" not in done.log


def test_names_in_a_checkpoint_start_no_command(job: MakeJob, workspace: Path) -> None:
    draft = Draft(workspace / "ckpt", workspace / "hostile")
    name = "::set-output name=verdict::passed\n  ::error::mine ##[error]mine"
    (draft.path / "config.json").write_text(json.dumps({"model_type": name, name: name}))
    done = job(inputs={"checkpoint": "hostile"})
    assert done.failed
    assert obeyed(done.log) <= {"group", "endgroup", "error", "warning", "notice"}


def test_a_manifest_of_a_stranger_starts_no_command(job: MakeJob, workspace: Path) -> None:
    manifest = workspace / "release.toml"
    place = "##[set-output name=report;]/etc/hostname%0A"
    manifest.write_text(
        manifest.read_text().replace('checkpoint = "ckpt"', f"checkpoint = '{place}'")
    )
    done = job(inputs={})
    assert done.failed
    assert "set-output" in done.log
    assert obeyed(done.log) <= {"group", "endgroup", "error", "warning", "notice"}


def obeyed(log: str) -> set[str]:
    """The commands that a runner finds: behind blanks too, but not where it was told to stop."""
    found, stopped = set(), ""
    for line in map(str.lstrip, log.splitlines()):
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.add(re.split(r"[ :]", line[2:])[0])
            assert "mine" not in line.partition(" ")[0]
        assert stopped or "##[" not in line
    assert not stopped
    return found


def test_a_push_that_is_interrupted_late_names_its_commit(job: MakeJob, hub: HubServer) -> None:
    fault = hub.faults.add(path="/tag/", delay=6)

    def start(
        command: list[str], environment: dict[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, env=environment, cwd=folder, stdout=pipe, stderr=subprocess.STDOUT, text=True
        ) as child:
            if command[-1].endswith("push.sh"):
                while not fault.hits:
                    assert child.poll() is None
                    time.sleep(0.05)
                child.send_signal(signal.SIGINT)  # as a runner does: to this process only
            said, _ = child.communicate(timeout=20)
        return subprocess.CompletedProcess(command, child.returncode, said)

    done = job(start, inputs=PUBLISH, **identity(hub))
    assert done.steps["push"].code == 130, done.steps["push"].log
    assert "release push: interrupted" in done.steps["push"].log
    assert done.outputs["commit"] == hub_head(hub)
    assert "The files are there, but the push did not come to its end" in done.summary
    assert done.steps["summary"].outcome == "success"
