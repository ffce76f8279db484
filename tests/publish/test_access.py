"""Tokens: by trusted publishing, fine-grained, expired; and what a refusal says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from release.demo.hub import HubServer, Settings
from release.errors import ReleaseError
from release.publish.access import require_creation, scopes
from tests.publish.world import (
    REPO,
    Push,
    environment,
    history,
    published,
    release_files,
    writes,
)
from tests.warm.tool import warm

CLAIMS = {"repository": "acme/ci", "branch": "main", "workflow": "release"}
NONE = {"HF_TOKEN": ""}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A Hub whose tokens for trusted publishers are good for a second and a half."""
    with HubServer(settings=Settings(trusted_lifetime=1.5)) as running:
        yield running
        assert running.failures == []


@pytest.fixture
def job(hub: HubServer) -> dict[str, str]:
    """The environment of a CI job that the repository trusts."""
    HfApi(endpoint=hub.endpoint, token=hub.token).create_repo(REPO)
    hub.trust(REPO, CLAIMS)
    return NONE | {"HF_OIDC_RESOURCE": REPO} | hub.start_job(CLAIMS)


def exchanges(hub: HubServer) -> int:
    return sum(request.path == "/oauth/token" for request in hub.requests)


def test_trusted_publishing_needs_no_stored_token_and_outlives_one(
    hub: HubServer, work: Path, push: Push, job: dict[str, str]
) -> None:
    hub.faults.add(path="/preupload/", delay=2)
    done = push("--yes", "--tag", "v1", **job)
    assert done.returncode == 0, done.stderr
    assert published(hub) == release_files(work)
    assert exchanges(hub) > 1, "the token is looked up again before the commit"


def test_a_token_that_runs_out_between_two_requests_is_exchanged_again(
    hub: HubServer, work: Path, push: Push, job: dict[str, str]
) -> None:
    faults = [hub.faults.add(path=path, status=401) for path in ("/refs$", "/commit/main$")]
    done = push("--yes", **job)
    assert done.returncode == 0, done.stderr
    assert all(fault.hits for fault in faults)
    assert len(history(hub)) == 2
    assert published(hub) == release_files(work)


def test_a_workflow_that_is_not_trusted_is_told_what_to_do(
    hub: HubServer, push: Push, job: dict[str, str]
) -> None:
    stranger = hub.start_job(CLAIMS | {"branch": "other"})
    cases: dict[str, tuple[dict[str, str], str]] = {
        "another branch": (stranger, "No trusted publisher of acme/tiny-NVFP4 matches"),
        "no permission": ({"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, "`permissions: id-token: write`"),
        "no CI": ({"GITHUB_ACTIONS": ""}, "no OIDC id token is available"),
        "another repository": ({"HF_OIDC_RESOURCE": "acme/other"}, "is 'acme/other'"),
    }
    for changed, words in cases.values():
        done = push("--yes", **(job | changed))
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert history(hub) == ["initial commit"]


def test_trusted_publishing_makes_no_repository_and_changes_no_settings(
    hub: HubServer, work: Path, push: Push
) -> None:
    hub.trust(REPO, CLAIMS)
    job = NONE | {"HF_OIDC_RESOURCE": REPO} | hub.start_job(CLAIMS)
    done = push("--yes", **job)
    assert "trusted publishing makes no repository (make it on the Hub, and name" in done.stderr
    assert [line for line in writes(hub) if "oauth" not in line] == []
    HfApi(endpoint=hub.endpoint, token=hub.token).create_repo(REPO, private=True)
    done = push("--yes", "--public", **job)
    assert done.returncode == 2
    assert "the token may not make it public (everything is there: do it in its" in done.stderr
    assert published(hub) == release_files(work)


def test_fine_grained_tokens(hub: HubServer, push: Push) -> None:
    def token(**scopes: str) -> str:
        granted = {name.replace("__", "/"): (held,) for name, held in scopes.items()}
        granted = {name.replace("tiny", "tiny-NVFP4"): held for name, held in granted.items()}
        return hub.add_token("fineGrained", scopes=granted)

    done = push("--yes", HF_TOKEN=token(acme="repo.content.read"))
    assert done.returncode == 2
    assert (
        "the fine-grained token may not make it (the fine-grained token needs repo.write on acme or"
        " acme/tiny-NVFP4, it has repo.content.read on acme: allow 'write access"
    ) in done.stderr
    assert push("--yes", HF_TOKEN=token(acme__tiny="repo.write")).returncode == 2
    assert writes(hub) == []
    assert push("--yes", HF_TOKEN=token(acme="repo.write")).returncode == 0
    done = push("--yes", HF_TOKEN=token(demo="repo.write"))
    assert "the token may not write to it (the fine-grained token needs repo.write" in done.stderr
    assert "it has nothing there" in done.stderr
    assert push("--yes", HF_TOKEN=token(acme__tiny="repo.write")).returncode == 0


@pytest.mark.parametrize(
    "token",
    [
        None,
        {"role": "fineGrained"},
        {"role": "fineGrained", "fineGrained": []},
        {"role": "fineGrained", "fineGrained": {"scoped": [7, {"entity": 1, "permissions": 2}]}},
    ],
)
def test_whatever_the_hub_says_of_a_token(token: object) -> None:
    who = {"name": "acme", "auth": {"accessToken": token}}
    if token is None:
        require_creation("acme/m", who)
        assert scopes(who, "acme/m") == ""
        return
    assert "it has nothing there" in scopes(who, "acme/m")
    with pytest.raises(ReleaseError, match="may not make it"):
        require_creation("acme/m", who)
    with pytest.raises(ReleaseError, match="nor in it"):
        require_creation("acme/m", {"name": None, "orgs": [None, {"name": 3}], "auth": []})


def test_a_hub_without_xet_is_served_by_plain_http(work: Path, tmp_path: Path) -> None:
    with HubServer(settings=Settings(xet=False)) as hub:
        env = environment(tmp_path, HF_ENDPOINT=hub.endpoint, HF_TOKEN=hub.token)
        args = [*warm(), "push", "--yes"]
        done = subprocess.run(args, cwd=work, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert published(hub) == release_files(work)
        assert any("/lfs/" in request.path for request in hub.requests)


def test_an_exchange_that_fails_once_is_tried_again(
    hub: HubServer, work: Path, push: Push, job: dict[str, str]
) -> None:
    hub.faults.add(path="/oauth/token", status=500)
    done = push("--yes", **job)
    assert done.returncode == 0, done.stderr
    assert published(hub) == release_files(work)


def test_an_exchange_that_never_works_is_no_refusal(
    hub: HubServer, push: Push, job: dict[str, str]
) -> None:
    hub.faults.add(path="/oauth/token", status=503, times=None)
    done = push("--yes", **job)
    assert done.returncode == 2
    assert "the Hub answered 503" in done.stderr
    assert "trusted publisher" not in done.stderr


def test_who_may_only_read_is_told_of_write_access(hub: HubServer, push: Push) -> None:
    hub.store.create(REPO, "demo", "public")
    hub.faults.add(path="/auth-check/write", status=403, times=None)
    done = push("--yes")
    assert done.returncode == 2
    assert "it needs write access to the contents of repositories of acme" in done.stderr
