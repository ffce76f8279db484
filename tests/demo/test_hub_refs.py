"""Branches, tags and pull requests of the Hub, asked by the real client."""

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RevisionNotFoundError,
)

from tests.demo.asking import head, status
from tests.demo.conftest import REPO, Push


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


def test_a_branch_starts_at_a_commit_and_goes_its_own_way(api: HfApi, push: Push) -> None:
    first = head(api)
    second = push({"a.txt": b"a"})
    api.create_branch(REPO, branch="old/er", revision=first)
    api.create_branch(REPO, branch="new")
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_branch(REPO, branch="new", revision=first)
    assert status(caught) == 409
    with pytest.raises(RevisionNotFoundError):
        api.create_branch(REPO, branch="x", revision="nowhere")
    third = push({"b.txt": b"b"}, revision="old/er", parent_commit=first)
    listed = {ref.name: ref.target_commit for ref in api.list_repo_refs(REPO).branches}
    assert listed == {"main": second, "old/er": third, "new": second}


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
