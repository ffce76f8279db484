"""What a push leaves on the Hub, told from the server's store."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from release.demo.hub import HubServer
from tests.publish.world import (
    CARD,
    RECORD,
    REPO,
    SHARD,
    Push,
    edit_manifest,
    history,
    published,
    release_files,
    render_again,
    repo_of,
    run_here,
    tags,
    writes,
)
from tests.warm.tool import warm

INDEX = "model.safetensors.index.json"
MODES = {"xet": {}, "lfs": {"HF_HUB_DISABLE_XET": "1"}}


def fill(hub: HubServer, files: dict[str, bytes], *, private: bool = False) -> str:
    """Make the repository and put files into it as somebody else would."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(REPO, private=private, exist_ok=True)
    if not files:
        return api.list_repo_refs(REPO).branches[0].target_commit
    added = [CommitOperationAdd(path, content) for path, content in files.items()]
    oid: str = api.create_commit(REPO, added, commit_message="by hand").oid
    return oid


@pytest.mark.parametrize("mode", MODES)
def test_a_new_release_is_one_commit_of_the_verified_bytes(
    mode: str, hub: HubServer, work: Path, push: Push
) -> None:
    done = push("--yes", "--tag", "v1", **MODES[mode])
    assert done.returncode == 0, done.stderr
    assert published(hub) == release_files(work)
    title, first = history(hub)
    assert re.fullmatch(r"Release v1 \(sha256:[0-9a-f]{12}\)", title)
    assert first == "initial commit"
    repo = repo_of(hub)
    assert repo.visibility == "public"
    assert tags(hub) == {"v1": repo.branches["main"]}
    assert repo.branches["main"][:12] in done.stdout
    kept = {path for path, blob in repo.find("main").tree.items() if not blob.lfs}
    assert "config.json" in kept
    assert SHARD not in kept
    trace = "xet-write-token" if mode == "xet" else "/lfs/"
    assert any(trace in request.path for request in hub.requests)

    # Nobody could see anything before all of it was there: the settings come last.
    assert [line.rpartition("/")[2] for line in writes(hub)][-1] == "settings"


def test_the_same_push_again_changes_nothing(hub: HubServer, push: Push) -> None:
    assert push("--yes", "--tag", "v1").returncode == 0
    before, count = history(hub), len(writes(hub))
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert history(hub) == before
    assert [line.rpartition("/")[0].rpartition("/")[2] for line in writes(hub)[count:]] == ["tag"]


def test_a_look_at_the_hub_leaves_a_push_the_report_of_its_folder(
    work: Path, client_env: dict[str, str], push: Push
) -> None:
    assert push("--yes").returncode == 0
    look = [*warm(), "verify", REPO]
    subprocess.run(look, cwd=work, env=client_env, capture_output=True, check=True)
    report = work / ".release" / "report.json"
    assert json.loads(report.read_text())["checkpoint"]["origin"]["repository"] == REPO
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 0, done.stderr
    assert "tagged v1" in done.stdout
    run_here(work, "verify")
    assert not report.with_name("folder-report.json").exists()


def test_an_update_replaces_and_deletes_in_one_commit_and_keeps_what_is_not_ours(
    hub: HubServer, work: Path, push: Push
) -> None:
    index = {"metadata": {}, "weight_map": {"a": "old_mtp.safetensors", "b": SHARD}}
    stale = {
        "old_mtp.safetensors": b"named by the old index",
        "model-00004-of-00004.safetensors": b"of an older numbering",
        "model.safetensors": b"of one file",
    }
    foreign = {
        "adapter.safetensors": b"somebody's",
        "notes.txt": b"theirs",
        "pytorch_model.bin": b"\x80\x02}q\x00.",
    }
    replaced = {
        CARD: b"---\nlicense: mit\n---\n# by hand\n",
        SHARD: b"old",
        INDEX: json.dumps(index).encode(),
    }
    config = {"config.json": (work / "ckpt" / "config.json").read_bytes()}
    fill(hub, {**stale, **foreign, **replaced, **config})
    refused = push("--dry-run", "--format", "json")
    assert refused.returncode == 1
    assert "say --keep-unknown or --delete-unknown or --overwrite-card" in refused.stderr
    before = [entry["path"] for entry in json.loads(refused.stdout)["refused"]]
    assert before == [CARD, *sorted(foreign)]
    assert push("--yes").returncode == 1
    assert len(history(hub)) == 2
    choice = ("--keep-unknown", "--overwrite-card")

    plan = json.loads(push("--dry-run", "--format", "json", *choice).stdout)
    actions = {file["path"]: file["action"] for file in plan["files"]}
    assert {path for path, action in actions.items() if action == "replace"} == set(replaced)
    assert [path for path, action in actions.items() if action == "keep"] == ["config.json"]
    assert [entry["path"] for entry in plan["deletes"]] == sorted(stale)
    assert plan["kept"] == sorted(foreign)

    done = push("--yes", *choice)
    assert done.returncode == 0, done.stderr
    assert published(hub) == release_files(work) | foreign
    assert len(history(hub)) == 3
    assert "README.md on the Hub was not written by release" in done.stdout


def test_a_broken_index_on_the_hub_is_deleted_and_names_nothing(
    hub: HubServer, work: Path, push: Push
) -> None:
    fill(hub, {INDEX: b'{"weight_map": {"a": "../../etc/passwd"}}', "x.safetensors": b"x"})
    assert push("--yes", "--keep-unknown").returncode == 0
    assert published(hub) == release_files(work) | {"x.safetensors": b"x"}


def test_a_gitignore_on_the_hub_drops_nothing(hub: HubServer, work: Path, push: Push) -> None:
    rules = {".gitignore": b"*.json\n*.safetensors\n"}
    fill(hub, rules)
    done = push("--yes", "--keep-unknown")
    assert done.returncode == 0, done.stderr
    assert published(hub) == release_files(work) | rules


def test_a_dry_run_writes_nothing_and_prints_the_plan(
    hub: HubServer, work: Path, push: Push
) -> None:
    done = push("--dry-run", "--tag", "v1")
    assert done.returncode == 0, done.stderr
    assert f"{REPO}  new, public" in done.stdout
    assert "left out notes.txt: no known file of a release" in done.stdout
    plan = json.loads(push("--dry-run", "--format", "json", "--private").stdout)
    assert (plan["create"], plan["visibility"], plan["parent"]) == (True, "private", None)
    assert {file["path"] for file in plan["files"]} == {*release_files(work), RECORD}
    assert plan["left_out"][0]["path"] == "notes.txt"
    assert REPO not in hub.store
    assert writes(hub) == []

    fill(hub, {"config.json": b"{}"})
    count = len(writes(hub))
    assert push("--dry-run").returncode == 0
    assert writes(hub)[count:] == []


def test_a_pull_request_leaves_the_branch_alone_and_is_opened_once(
    hub: HubServer, work: Path, push: Push
) -> None:
    head = fill(hub, {"config.json": b"{}"})
    done = push("--yes", "--create-pr", "--format", "json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    repo = repo_of(hub)
    assert repo.branches["main"] == head
    assert published(hub, "refs/pr/1") == release_files(work)
    assert result["pull_request"] == f"{hub.endpoint}/{REPO}/discussions/1"
    assert result["commit"] == repo.pulls["refs/pr/1"]
    assert repo.discussions[1].status == "open"

    again = push("--yes", "--create-pr")
    assert again.returncode == 0, again.stderr
    assert "is open already" in again.stdout
    assert len(repo.discussions) == 1


def test_a_branch_takes_the_release_and_leaves_main_alone(
    hub: HubServer, work: Path, push: Push
) -> None:
    head = fill(hub, {"config.json": b"{}"})
    planned = push("--dry-run", "--branch", "w4a4/next")
    assert "one commit on a new branch, w4a4/next" in planned.stdout
    assert list(repo_of(hub).branches) == ["main"]
    done = push("--yes", "--branch", "w4a4/next", "--tag", "v2")
    assert done.returncode == 0, done.stderr
    repo = repo_of(hub)
    assert repo.branches["main"] == head
    assert published(hub, "w4a4/next") == release_files(work)
    assert tags(hub) == {"v2": repo.branches["w4a4/next"]}
    assert len(list(repo.history(repo.find("w4a4/next")))) == len(history(hub)) + 1

    again = push("--yes", "--branch", "w4a4/next", "--tag", "v2")
    assert "nothing to do" in again.stdout
    assert repo.branches == repo_of(hub).branches

    assert push("--yes").returncode == 0
    same = push("--yes", "--branch", "v3", "--format", "json")
    assert json.loads(same.stdout)["made"] is False
    assert repo_of(hub).branches["v3"] == repo_of(hub).branches["main"]


def test_a_branch_shows_nobody_a_repository_whose_main_branch_is_not_there_yet(
    hub: HubServer, work: Path, push: Push
) -> None:
    hub.faults.add(path="/commit/main", status=403, times=None)
    assert push("--yes").returncode == 2
    hub.faults.clear()
    assert push("--yes", "--branch", "next").returncode == 0
    assert repo_of(hub).visibility == "private"
    assert push("--yes").returncode == 0
    assert repo_of(hub).visibility == "public"
    assert published(hub) == release_files(work)


@pytest.mark.parametrize(
    ("option", "what"), [(["--create-pr"], "pull request"), (["--branch", "next"], "branch")]
)
def test_a_pull_request_and_a_branch_need_a_repository(
    option: list[str], what: str, hub: HubServer, push: Push
) -> None:
    done = push("--yes", *option)
    assert done.returncode == 2
    assert f"takes no {what} (push without {option[0]} first)" in done.stderr
    assert writes(hub) == []


def test_who_may_see_it(hub: HubServer, push: Push) -> None:
    assert push("--yes", "--private").returncode == 0
    assert repo_of(hub).visibility == "private"
    done = push("--yes")
    assert "is private and stays so" in done.stdout
    assert repo_of(hub).visibility == "private"
    assert push("--yes", "--public").returncode == 0
    assert repo_of(hub).visibility == "public"
    done = push("--yes", "--private")
    assert done.returncode == 2
    assert "is public already" in done.stderr
    assert len(history(hub)) == 2


def test_a_tag_is_never_moved(hub: HubServer, push: Push) -> None:
    old = fill(hub, {"config.json": b"{}"})
    HfApi(endpoint=hub.endpoint, token=hub.token).create_tag(REPO, tag="v1")
    count = len(writes(hub))
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 2
    assert f"tag v1 is on commit {old[:12]} already" in done.stderr
    assert writes(hub)[count:] == []
    assert push("--yes", "--tag", "v2").returncode == 0
    assert tags(hub)["v1"] == old


def test_the_next_release_deletes_what_only_the_last_one_wrote(
    hub: HubServer, work: Path, push: Push
) -> None:
    assert push("--yes", "--tag", "v1", "-m", "The  first").returncode == 0
    assert history(hub)[0] == "The first"
    edit_manifest(work, '"assets/logo.txt"', "")
    render_again(work)
    plan = json.loads(push("--dry-run", "--format", "json").stdout)
    assert plan["deletes"] == [{"path": "assets/logo.txt", "reason": "of the last release"}]
    fill(hub, {CARD: (work / "ckpt" / CARD).read_bytes().replace(b"# ", b"# My ", 1)})
    done = push("--yes", "--tag", "v2")
    assert done.returncode == 1
    assert "README.md: on the Hub: was edited by hand" in done.stderr
    assert push("--yes", "--tag", "v2", "--overwrite-card").returncode == 0
    files = release_files(work)
    del files["assets/logo.txt"]
    assert published(hub) == files


def test_a_downloaded_release_is_published_again_without_its_record(
    hub: HubServer, work: Path, push: Push
) -> None:
    (work / "ckpt" / RECORD).write_text("{}")
    for args in (["verify"], ["card"]):
        run_here(work, *args)
    plan = json.loads(push("--dry-run", "--format", "json").stdout)
    left = {entry["path"]: entry["reason"] for entry in plan["left_out"]}
    assert left[RECORD] == "of an earlier release: a push writes its own"
    assert push("--yes").returncode == 0
    assert published(hub) == {k: v for k, v in release_files(work).items() if k != RECORD}
    assert RECORD in repo_of(hub).find("main").tree
