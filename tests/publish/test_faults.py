"""Whatever breaks: the Hub holds exactly one whole release or what it held, and a rerun ends it."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from release.demo.hub import Fault, HubServer
from tests.publish.world import (
    REPO,
    SHARD,
    Push,
    Result,
    history,
    published,
    release_files,
    repo_of,
    tags,
)
from tests.warm.tool import COLD

LFS = {"HF_HUB_DISABLE_XET": "1"}
PREUPLOAD, COMMIT = "/preupload/", "/commit/"

SURVIVED: dict[str, list[dict[str, Any]]] = {
    "each question fails once": [
        {"path": f"{REPO}$", "drop": True},
        {"path": "/validate-yaml", "status": 503},
        {"path": "/refs$", "status": 502},
        {"path": "/tree/", "status": 500},
    ],
    "made, and not said so": [{"path": "/repos/create", "status": 500, "when": "after"}],
    "not made, and dropped": [{"path": "/repos/create", "drop": True}],
    "modes overloaded": [{"path": PREUPLOAD, "status": 500}],
    "xet token dropped": [{"path": "/xet-write-token/", "drop": True}],
    "commit refused, dropped, and told to wait": [
        {"path": COMMIT, "status": 503},
        {"path": COMMIT, "drop": True},
        {"path": COMMIT, "status": 429, "headers": {"Retry-After": "1"}},
    ],
    "commit made and dropped": [{"path": COMMIT, "drop": True, "when": "after"}],
    "commit made in more than a minute": [{"path": COMMIT, "status": 504, "when": "after"}],
    "commit made and answered with 412": [{"path": COMMIT, "status": 412, "when": "after"}],
    "each step after the commit fails once": [
        {"path": "/tag/", "drop": True, "when": "after"},
        {"path": "/settings$", "status": 503},
    ],
}


def make(hub: HubServer, files: dict[str, bytes], *, parent: str | None = None) -> str:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(REPO, exist_ok=True)
    added = [CommitOperationAdd(path, content) for path, content in files.items()]
    made = api.create_commit(REPO, added, commit_message="by hand", parent_commit=parent)
    oid: str = made.oid
    return oid


def is_one_release(hub: HubServer, work: Path, before: int) -> None:
    """One commit more than before, whole, tagged, public."""
    repo = repo_of(hub)
    assert published(hub) == release_files(work)
    assert len(history(hub)) == before + 1
    assert tags(hub) == {"v1": repo.branches["main"]}
    assert repo.visibility == "public"


@pytest.mark.parametrize("kind", SURVIVED)
def test_a_fault_is_survived(kind: str, hub: HubServer, work: Path, push: Push) -> None:
    faults = [hub.faults.add(**fault) for fault in SURVIVED[kind]]
    done = push("--yes", "--tag", "v1")
    assert all(fault.hits for fault in faults)
    assert done.returncode == 0, done.stderr
    is_one_release(hub, work, before=1)


@pytest.mark.parametrize("path", ["/lfs/[0-9a-f]{64}$", "/batch$", "/verify$"])
def test_a_fault_is_survived_without_xet(path: str, hub: HubServer, work: Path, push: Push) -> None:
    fault = hub.faults.add(method="*", path=path, status=503)
    done = push("--yes", "--tag", "v1", **LFS)
    assert fault.hits
    assert done.returncode == 0, done.stderr
    is_one_release(hub, work, before=1)


PULL_FAULTS: dict[str, dict[str, Any]] = {
    "opened, and not said so": {"path": "/discussions$", "drop": True, "when": "after"},
    "not opened, and dropped": {"path": "/discussions$", "drop": True},
    "committed, and not said so": {"path": COMMIT, "drop": True, "when": "after"},
    "not committed, and dropped": {"path": COMMIT, "drop": True},
    "not marked ready": {"path": "/status$", "status": 502},
}


@pytest.mark.parametrize("kind", PULL_FAULTS)
def test_a_pull_request_is_opened_once(kind: str, hub: HubServer, work: Path, push: Push) -> None:
    make(hub, {"config.json": b"{}"})
    fault = hub.faults.add(method="POST", **PULL_FAULTS[kind])
    done = push("--yes", "--create-pr")
    assert fault.hits
    assert done.returncode == 0, done.stderr
    (request,) = repo_of(hub).discussions.values()
    assert request.status == "open"
    assert published(hub, request.ref) == release_files(work)


def test_an_upload_to_an_address_that_has_expired_asks_for_another(
    hub: HubServer, work: Path, push: Push
) -> None:
    fault = hub.faults.add(method="PUT", path="/lfs/[0-9a-f]{64}$", status=403)
    done = push("--yes", "--tag", "v1", **LFS)
    assert fault.hits
    assert done.returncode == 0, done.stderr
    is_one_release(hub, work, before=1)


def test_a_draft_of_a_push_that_was_cut_off_is_used(hub: HubServer, push: Push) -> None:
    make(hub, {"config.json": b"{}"})
    hub.faults.add(path=COMMIT, status=403)
    assert push("--yes", "--create-pr").returncode == 2
    (request,) = repo_of(hub).discussions.values()
    assert request.status == "draft"
    assert push("--yes", "--create-pr").returncode == 0
    assert [each.status for each in repo_of(hub).discussions.values()] == ["open"]


def test_bytes_that_are_served_otherwise_are_neither_tagged_nor_public(
    hub: HubServer, push: Push
) -> None:
    hub.faults.add(path="/resolve/.*README.md", content=b"other", times=None)
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 1
    assert "README.md is served with other bytes (it is neither tagged nor" in done.stderr
    assert tags(hub) == {}
    assert repo_of(hub).visibility == "private"
    hub.faults.clear()
    assert push("--yes", "--tag", "v1").returncode == 0, "the same command finishes"
    assert repo_of(hub).visibility == "public"


def test_a_commit_is_written_down_as_soon_as_it_is_known(
    hub: HubServer, work: Path, push: Push
) -> None:
    hub.faults.add(path="/tag/", status=403)
    args = ("--yes", "--tag", "v1", "--format", "json", "--output", "done.json")
    assert push(*args).returncode == 2
    done = json.loads((work / "done.json").read_text())
    assert (done["commit"], done["complete"]) == (repo_of(hub).branches["main"], False)
    assert (done["tag"], done["visibility"]) == (None, "private")
    assert push(*args).returncode == 0
    done = json.loads((work / "done.json").read_text())
    assert (done["tag"], done["visibility"], done["complete"]) == ("v1", "public", True)


def during(
    fault: Fault, work: Path, env: dict[str, str], act: Callable[[subprocess.Popen[str]], object]
) -> Result:
    """Push, and do something while the Hub sits on the answer of a faulty request."""
    args = [*COLD, "push", "--yes", "--tag", "v1"]
    with subprocess.Popen(
        args, cwd=work, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        deadline = time.monotonic() + 20
        while not fault.hits and time.monotonic() < deadline:
            time.sleep(0.01)
        assert fault.hits
        act(running)
        out, err = running.communicate(timeout=30)
    return subprocess.CompletedProcess(args, running.returncode, out, err)


def test_a_commit_of_somebody_else_meanwhile_is_not_overwritten(
    hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    head = make(hub, {"config.json": b"{}"})
    fault = hub.faults.add(path=PREUPLOAD, delay=1)
    done = during(fault, work, client_env, lambda _: make(hub, {"theirs.txt": b"x"}, parent=head))
    assert done.returncode == 2
    assert "somebody else changed it meanwhile" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert history(hub) == ["by hand", "by hand", "initial commit"]
    assert tags(hub) == {}
    assert push("--yes").returncode == 1, "theirs is not ours to keep or delete"
    assert push("--yes", "--keep-unknown").returncode == 0
    assert published(hub) == release_files(work) | {"theirs.txt": b"x"}


def test_two_pushes_of_one_release_make_one_commit(
    hub: HubServer, work: Path, client_env: dict[str, str], tmp_path: Path
) -> None:
    make(hub, {"config.json": b"{}"})
    fault = hub.faults.add(path=COMMIT, delay=1)
    elsewhere = shutil.copytree(work, tmp_path / "elsewhere")
    args = [*COLD, "push", "--yes", "--tag", "v1"]
    second = partial(subprocess.run, args, cwd=elsewhere, env=client_env, check=True)
    done = during(fault, work, client_env, lambda _: second())
    assert done.returncode == 0, done.stderr
    is_one_release(hub, work, before=2)


def test_a_second_push_from_the_same_folder_is_refused(
    hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    fault = hub.faults.add(path=PREUPLOAD, delay=60)
    refused: list[Result] = []

    def act(first: subprocess.Popen[str]) -> None:
        refused.append(push("--yes"))
        first.kill()

    during(fault, work, client_env, act)
    assert refused[0].returncode == 2
    assert "another push from this folder is running" in refused[0].stderr
    assert history(hub) == ["initial commit"]
    assert push("--yes", "--tag", "v1").returncode == 0, "a lock ends with its process"
    is_one_release(hub, work, before=1)


def test_a_tag_that_appears_meanwhile_is_not_moved(
    hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    head = make(hub, {"config.json": b"{}"})
    fault = hub.faults.add(path="/tag/", delay=0.5)
    repo = repo_of(hub)
    done = during(fault, work, client_env, lambda _: repo.set_tag("v1", head))
    assert done.returncode == 2
    assert f"tag v1 appeared on commit {head[:12]} meanwhile" in done.stderr
    assert tags(hub) == {"v1": head}


def flip(target: Path) -> None:
    raw = bytearray(target.read_bytes())
    raw[-1] ^= 1
    target.write_bytes(raw)


@pytest.mark.parametrize("mode", ["xet", "lfs"])
def test_a_file_written_to_during_the_upload_is_not_published(
    mode: str, hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    fault = hub.faults.add(path=PREUPLOAD, delay=0.5)
    env = client_env | (LFS if mode == "lfs" else {})
    done = during(fault, work, env, lambda _: flip(work / "ckpt" / SHARD))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {SHARD}: changed since it was verified")
    assert history(hub) == ["initial commit"]
    assert repo_of(hub).visibility == "private"


def test_a_small_file_written_to_meanwhile_is_published_as_verified(
    hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    verified = release_files(work)
    fault = hub.faults.add(path=PREUPLOAD, delay=0.5)
    done = during(fault, work, client_env, lambda _: flip(work / "ckpt" / "config.json"))
    assert done.returncode == 0, done.stderr
    assert published(hub) == verified


def test_ctrl_c_during_the_commit_says_that_it_may_be_made(
    hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    fault = hub.faults.add(path=COMMIT, delay=0.5, when="after")
    done = during(fault, work, client_env, lambda child: child.send_signal(signal.SIGINT))
    assert done.returncode == 130
    assert "the commit may have been made; the same command finds out" in done.stderr
    assert push("--yes", "--tag", "v1").returncode == 0
    is_one_release(hub, work, before=1)


@pytest.mark.parametrize("path", [PREUPLOAD, COMMIT, "/tag/", "/settings$"])
def test_killed_at_any_moment_a_rerun_finishes(
    path: str, hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    fault = hub.faults.add(path=path, delay=0.2, when="after")
    done = during(fault, work, client_env, lambda child: child.kill())
    assert done.returncode == -signal.SIGKILL
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 0, done.stderr
    is_one_release(hub, work, before=1)


def page(*, private: bool) -> bytes:
    return json.dumps({"_id": "0" * 24, "id": REPO, "private": private, "siblings": []}).encode()


PAGE = f"/api/models/{REPO}$"


@pytest.mark.parametrize("wish", [(), ("--private",)])
def test_a_repository_that_is_public_at_once_gets_no_byte(
    wish: tuple[str, ...], hub: HubServer, push: Push
) -> None:
    fault = hub.faults.add(path=PAGE, content=page(private=False), skip=1, times=None)
    done = push("--yes", *wish)
    assert fault.hits
    assert done.returncode == 2
    assert "is public on the Hub, and should be private" in done.stderr
    assert "nothing was sent" in done.stderr
    assert history(hub) == ["initial commit"]


def test_a_repository_that_was_shown_or_hidden_meanwhile_is_not_said_to_be_as_planned(
    hub: HubServer, push: Push
) -> None:
    assert push("--yes", "--private").returncode == 0
    hub.faults.add(path=PAGE, content=page(private=False), skip=1, times=None)
    done = push("--yes", "--tag", "v2")
    assert done.returncode == 2
    assert "is public on the Hub, and should be private" in done.stderr
    assert "the files are published" in done.stderr
