"""Who may do what on the Hub, asked by the real client."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from release.demo.hub import HubServer
from tests.demo.asking import client, status
from tests.demo.conftest import REPO


def test_a_repository_is_made_once_and_private_ones_are_hidden(server: HubServer) -> None:
    owner = client(server, server.token)
    stranger = client(server, server.add_token("write", "stranger"))
    owner.create_repo(REPO, private=True)
    with pytest.raises(HfHubHTTPError) as caught:
        owner.create_repo(REPO)
    assert status(caught) == 409
    with pytest.raises(RepositoryNotFoundError):
        stranger.model_info(REPO)
    owner.update_repo_settings(REPO, private=False)
    assert stranger.model_info(REPO, expand=["private"]).private is False
    with pytest.raises(HfHubHTTPError) as caught:
        stranger.auth_check(REPO, write=True)
    assert status(caught) == 403
    with pytest.raises(HfHubHTTPError) as caught:
        stranger.create_repo("acme/other")
    assert status(caught) == 403


def test_a_read_token_may_not_write(server: HubServer, api: HfApi) -> None:
    reader = client(server, server.add_token("read"))
    assert reader.whoami()["auth"]["accessToken"]["role"] == "read"
    with pytest.raises(HfHubHTTPError) as caught:
        reader.create_commit(REPO, [CommitOperationAdd("a", b"a")], commit_message="x")
    assert status(caught) == 403
    with pytest.raises(HfHubHTTPError) as caught:
        client(server, "hf_" + "0" * 34).auth_check(REPO)
    assert status(caught) == 401
    assert len(api.list_repo_commits(REPO)) == 1


def test_a_fine_grained_token_may_what_it_says(server: HubServer, api: HfApi) -> None:
    token = server.add_token("fineGrained", scopes={REPO: ("repo.write",)})
    writer = client(server, token)
    held = writer.whoami()["auth"]["accessToken"]
    assert held["role"] == "fineGrained"
    (scope,) = held["fineGrained"]["scoped"]
    assert scope == {"entity": {"type": "model", "name": REPO}, "permissions": ["repo.write"]}
    writer.create_commit(REPO, [CommitOperationAdd("a", b"a")], commit_message="x")
    with pytest.raises(HfHubHTTPError) as caught:
        writer.create_repo("acme/other")
    assert status(caught) == 403
    reader = client(server, server.add_token("fineGrained"))
    with pytest.raises(HfHubHTTPError) as caught:
        reader.auth_check(REPO, write=True)
    assert status(caught) == 403
    assert len(api.list_repo_commits(REPO)) == 2


def test_the_log_holds_no_token(server: HubServer) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{server.endpoint}/{server.token}?token={server.token}")  # noqa: S310 - ours
    caught.value.close()
    (request,) = server.requests
    assert (request.path, request.query) == ("/[token]", "token=[token]")
