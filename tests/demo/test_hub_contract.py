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
)
from huggingface_hub.hf_api import RepoFile

from release.demo.hub import HubServer
from tests.demo.asking import head, status
from tests.demo.conftest import REPO, Push


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


def test_ranges_of_a_file(api: HfApi, server: HubServer, push: Push) -> None:
    push({"a.txt": bytes(range(100, 120))})
    address = f"{server.endpoint}/{REPO}/resolve/main/a.txt"
    cases = {"bytes=0-3": (206, bytes(range(100, 104))), "bytes=-2": (206, b"vw")}
    for asked, (code, content) in cases.items():
        headers = {"Authorization": f"Bearer {api.token}", "Range": asked}
        with urlopen(Request(address, headers=headers)) as answer:  # noqa: S310 - our own server
            assert (answer.status, answer.read()) == (code, content)


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
