"""The faults that the Hub has on order, as the real client meets them."""

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
)
from huggingface_hub.utils import httpx

from release.demo.hub import HubServer
from tests.demo.asking import status
from tests.demo.conftest import REPO, Push


def test_faults_come_before_or_after_the_effect(api: HfApi, server: HubServer, push: Push) -> None:
    server.faults.add(path="/commit/", status=500)
    with pytest.raises(HfHubHTTPError):
        push({"a.txt": b"a"})
    assert "a.txt" not in api.list_repo_files(REPO)
    server.faults.add(path="/commit/", drop=True, when="after")
    with pytest.raises(httpx.RemoteProtocolError):
        push({"a.txt": b"a"})
    assert "a.txt" in api.list_repo_files(REPO)
    assert [r.status for r in server.requests if "/commit/" in r.path] == [500, None]
    assert push({"b.txt": b"b"}), "a fault happens as often as was asked for"


def test_answers_that_are_cut_short_stale_or_of_somebody_else(
    api: HfApi, server: HubServer, push: Push
) -> None:
    before = api.list_repo_refs(REPO).branches[0].target_commit
    after = push({"a.txt": b"a" * 1000})
    server.faults.add(path="/refs$", stale=True, skip=1)
    seen = [api.list_repo_refs(REPO).branches[0].target_commit for _ in range(3)]
    assert seen == [after, after, after], "what was said last, which is what is so"
    server.faults.add(path="/refs$", stale=True)
    newest = push({"b.txt": b"b"})
    assert api.list_repo_refs(REPO).branches[0].target_commit == after
    assert api.list_repo_refs(REPO).branches[0].target_commit == newest != before
    server.faults.add(path="/tree/", stale=True)
    with pytest.raises(HfHubHTTPError) as caught:
        list(api.list_repo_tree(REPO, revision=newest))
    assert status(caught) == 404, "what was never asked"
    server.faults.add(path="/refs$", truncate=True)
    with pytest.raises(httpx.RemoteProtocolError):
        api.list_repo_refs(REPO)
    server.faults.add(path="/commit/", truncate=True)
    with pytest.raises(httpx.RemoteProtocolError):
        push({"c.txt": b"c"})
    assert "c.txt" in api.list_repo_files(REPO), "it was carried out"
    server.faults.add(path="/whoami", content=b"<html>")
    with pytest.raises(ValueError, match="Expecting value"):
        api.whoami()


def test_a_fault_that_does_nothing_or_two_things_is_refused(server: HubServer) -> None:
    with pytest.raises(ValueError, match="needs status, content, drop"):
        server.faults.add(path=".")
    with pytest.raises(ValueError, match="either drops"):
        server.faults.add(path=".", drop=True, status=500)
