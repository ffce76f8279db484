"""The rules of the Hub that a push relies on, asked by the real client."""

import json
import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import httpx

from release.demo.hub import HubServer
from tests.demo.conftest import REPO, Push


def status(caught: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return caught.value.response.status_code


def head(api: HfApi) -> str:
    oid: str = api.list_repo_refs(REPO).branches[0].target_commit
    return oid


def client(server: HubServer, token: str) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=token)


def test_a_commit_on_a_parent_that_has_passed_is_refused_whole(api: HfApi, push: Push) -> None:
    first = head(api)
    push({"a.txt": b"a"}, parent_commit=first)
    with pytest.raises(HfHubHTTPError) as caught:
        push({"b.txt": b"b"}, parent_commit=first)
    assert status(caught) == 412
    assert set(api.list_repo_files(REPO)) == {".gitattributes", "a.txt"}


def test_adds_and_deletes_are_one_commit_or_none(api: HfApi, push: Push) -> None:
    push({"a.txt": b"a", "b.txt": b"b"})
    add = CommitOperationAdd("c.txt", b"c")
    with pytest.raises(RemoteEntryNotFoundError):
        api.create_commit(REPO, [add, CommitOperationDelete("gone.txt")], commit_message="x")
    assert set(api.list_repo_files(REPO)) == {".gitattributes", "a.txt", "b.txt"}
    api.create_commit(REPO, [add, CommitOperationDelete("a.txt")], commit_message="x")
    assert set(api.list_repo_files(REPO)) == {".gitattributes", "b.txt", "c.txt"}


def test_a_large_file_that_was_not_uploaded_cannot_be_committed(
    api: HfApi, server: HubServer
) -> None:
    lines = [
        {"key": "header", "value": {"summary": "x", "description": ""}},
        {
            "key": "lfsFile",
            "value": {"path": "a.bin", "algo": "sha256", "oid": "a" * 64, "size": 1},
        },
    ]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    request = Request(  # noqa: S310 - our own server's address
        f"{server.endpoint}/api/models/{REPO}/commit/main",
        data=body,
        headers={"Authorization": f"Bearer {server.token}"},
    )
    with pytest.raises(HTTPError) as caught:
        urlopen(request)  # noqa: S310 - the same
    with caught.value as answer:
        assert answer.code == 400
        assert "has no object" in answer.read().decode()
    assert api.list_repo_files(REPO) == [".gitattributes"]


def test_listings_come_in_pages_and_are_whole(api: HfApi, push: Push) -> None:
    push({f"{n}/{n}.txt": b"x" for n in range(5)})
    for n in range(4):
        push({"a.txt": b"%d" % n})
    tree = list(api.list_repo_tree(REPO, recursive=True))
    assert len([entry for entry in tree if hasattr(entry, "blob_id")]) == 7
    assert len(api.list_repo_commits(REPO)) == 6


def test_the_names_of_files_are_git_s(api: HfApi, push: Push) -> None:
    push({"a.txt": b"hello\n"})
    (entry,) = api.get_paths_info(REPO, "a.txt")
    assert isinstance(entry, RepoFile)
    assert entry.blob_id == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    assert (entry.size, entry.lfs) == (6, None)


def test_a_gitignore_there_drops_files_unless_the_caller_brings_rules(
    api: HfApi, push: Push
) -> None:
    push({".gitignore": b"*.txt\n"})
    push({"a.txt": b"a"})
    assert "a.txt" not in api.list_repo_files(REPO)
    add = CommitOperationAdd("a.txt", b"a")
    api.preupload_lfs_files(REPO, [add], gitignore_content="# none\n")
    api.create_commit(REPO, [add], commit_message="x")
    assert "a.txt" in api.list_repo_files(REPO)


def test_a_tag_is_set_once(api: HfApi, push: Push) -> None:
    first = head(api)
    second = push({"a.txt": b"a"})
    api.create_tag(REPO, tag="v1", revision=first)
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(REPO, tag="v1", revision=second)
    assert status(caught) == 409
    (tag,) = api.list_repo_refs(REPO).tags
    assert (tag.name, tag.target_commit) == ("v1", first)
    assert api.list_repo_files(REPO, revision="v1") == [".gitattributes"]


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


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("license: mine", '"license" must be one of'),
        ("language: no", '"language" must be a string or an array of strings'),
        ("tags: {", "not valid YAML"),
        ("base_model: a/b/c", '"base_model" must be a repo id'),
    ],
)
def test_a_card_with_a_bad_header_is_refused(
    header: str, words: str, server: HubServer, push: Push
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        push({"README.md": f"---\n{header}\n---\n".encode()})
    assert not any("/commit/" in request.path for request in server.requests)


def test_a_pull_request_is_beside_the_branch_until_it_is_merged(api: HfApi, push: Push) -> None:
    push({"a.txt": b"a"})
    add = CommitOperationAdd("b.txt", b"b")
    made = api.create_commit(REPO, [add], commit_message="add b", create_pr=True)
    assert "b.txt" not in api.list_repo_files(REPO)
    assert "b.txt" in api.list_repo_files(REPO, revision="refs/pr/1")
    (found,) = api.get_repo_discussions(REPO, discussion_status="open")
    assert (found.title, found.num, made.pr_num) == ("add b", 1, 1)
    api.merge_pull_request(REPO, 1)
    assert "b.txt" in api.list_repo_files(REPO)


def test_ranges_of_a_file(api: HfApi, server: HubServer, push: Push) -> None:
    push({"a.txt": bytes(range(100, 120))})
    address = f"{server.endpoint}/{REPO}/resolve/main/a.txt"
    cases = {"bytes=0-3": (206, bytes(range(100, 104))), "bytes=-2": (206, b"vw")}
    for asked, (code, content) in cases.items():
        headers = {"Authorization": f"Bearer {api.token}", "Range": asked}
        with urlopen(Request(address, headers=headers)) as answer:  # noqa: S310 - our own server
            assert (answer.status, answer.read()) == (code, content)


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


def test_a_fault_that_does_nothing_or_two_things_is_refused(server: HubServer) -> None:
    with pytest.raises(ValueError, match="needs status, content, drop"):
        server.faults.add(path=".")
    with pytest.raises(ValueError, match="either drops"):
        server.faults.add(path=".", drop=True, status=500)


def test_the_log_holds_no_token(server: HubServer) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{server.endpoint}/{server.token}?token={server.token}")  # noqa: S310 - ours
    caught.value.close()
    (request,) = server.requests
    assert (request.path, request.query) == ("/[token]", "token=[token]")


def test_a_path_out_of_the_repository_is_refused(api: HfApi, server: HubServer) -> None:
    for path in ("../a", ".git/config", "a//b", "a/./b"):
        line = json.dumps({"key": "file", "value": {"path": path, "content": ""}})
        header = json.dumps({"key": "header", "value": {"summary": "x"}})
        request = Request(  # noqa: S310 - our own server's address
            f"{server.endpoint}/api/models/{REPO}/commit/main",
            data=f"{header}\n{line}".encode(),
            headers={"Authorization": f"Bearer {api.token}"},
        )
        with pytest.raises(HTTPError) as caught:
            urlopen(request)  # noqa: S310 - the same
        assert caught.value.code == 400
        caught.value.close()


def test_closing_removes_a_temporary_folder_and_keeps_a_given_one(tmp_path: Path) -> None:
    with HubServer(tmp_path / "kept") as server:
        HfApi(endpoint=server.endpoint, token=server.token).create_repo(REPO)
    assert any((tmp_path / "kept" / "objects").iterdir())
    server.close()


def test_a_draft_pull_request_is_merged_once_it_is_open(api: HfApi, push: Push) -> None:
    draft = api.create_pull_request(REPO, title="later", description="why")
    api.create_commit(
        REPO,
        [CommitOperationAdd("b.txt", b"b")],
        commit_message="add b",
        revision=f"refs/pr/{draft.num}",
    )
    with pytest.raises(HfHubHTTPError) as caught:
        api.merge_pull_request(REPO, draft.num)
    assert status(caught) == 409
    api.change_discussion_status(REPO, draft.num, "open")
    details = api.get_discussion_details(REPO, draft.num)
    assert (details.status, details.target_branch) == ("open", "refs/heads/main")
    push({"b.txt": b"another"})
    with pytest.raises(HfHubHTTPError, match=r"Both sides changed b\.txt"):
        api.merge_pull_request(REPO, draft.num)
