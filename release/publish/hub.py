"""The Hub as a push needs it: short calls with timeouts, tried again when that may help."""

import warnings
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    get_session,
    hf_hub_url,
    hf_raise_for_status,
)
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import ExpandModelProperty_T
from huggingface_hub.utils import httpx
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils.tqdm import disable_progress_bars

from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.client import Patience, Result, limit_client
from release.hub.listing import take_files
from release.hub.refusals import (
    hide_token,
    is_passing,
    is_passing_or_missing,
    is_passing_upload,
    one_line,
    status_of,
)
from release.hub.remote_file import RemoteFile
from release.publish.access import require_token
from release.publish.moving import heard
from release.publish.others import MAIN, Visibility
from release.publish.repository import Page, PullRequest, Refs

SAID: list[ExpandModelProperty_T] = ["private", "sha", "siblings"]
NO_RULES = "# none: the list of files is explicit\n"  # else a .gitignore there drops files unsaid

Operations = Sequence[CommitOperationAdd | CommitOperationDelete]


class Hub:
    """One repository on the Hub at `endpoint`, else HF_ENDPOINT's, with the client's own token.

    The token is looked up again for each call: one by trusted publishing lives for an hour.
    """

    def __init__(
        self, repo: str, patience: Patience | None = None, endpoint: str | None = None
    ) -> None:
        self.repo, self.patience = repo, patience or Patience()
        self._again = self.patience.again
        limit_client(self.patience, endpoint)
        require_token(repo, self.patience)
        self._api = HfApi(endpoint=endpoint)

    @property
    def endpoint(self) -> str:
        """The address of the Hub."""
        return str(self._api.endpoint)

    @property
    def url(self) -> str:
        """The page of the repository."""
        return f"{self.endpoint}/{self.repo}"

    def whoami(self) -> dict[str, Any]:
        """Give what the Hub says of the token and its owner."""
        return self._again(self._api.whoami)

    def require_writable(self) -> None:
        """Raise where the token may not change the repository."""
        self._again(lambda: self._api.auth_check(self.repo, write=True))

    def visibility(self) -> Visibility | None:
        """Who may see it; None if it is not there. Raises if it has another name by now."""
        page = self.page()
        return page.visibility if page else None

    def page(self) -> Page | None:
        """What it says of itself; None if it is not there. Raises as `visibility`."""
        try:
            # Without `timeout` this call alone sets aside the client's own.
            limit = self.patience.answer
            info = self._again(lambda: self._api.model_info(self.repo, expand=SAID, timeout=limit))
        except RepositoryNotFoundError as error:
            if error.response.url.netloc != httpx.URL(self.endpoint).netloc:
                raise  # it got no token, and does not know
            return None
        if info.id != self.repo:
            hint = "write that name into release.toml"
            raise ReleaseError(f"is called {info.id!r} on the Hub", where=self.repo, hint=hint)
        if not isinstance(info.private, bool):
            raise ReleaseError("the Hub does not say who may see it", where=self.repo)
        names = frozenset(file.rfilename for file in info.siblings or ())
        return Page("private" if info.private else "public", info.sha, names)

    def check_card(self, content: bytes) -> tuple[str, ...]:
        """Have the Hub judge the card's header; give its warnings. Raises `ReleaseError`."""
        body = {"content": content.decode("utf-8", "replace"), "repoType": "model"}

        def ask() -> Any:
            address = f"{self.endpoint}/api/validate-yaml"
            response = get_session().post(address, json=body, headers=build_hf_headers())
            if response.status_code != HTTPStatus.BAD_REQUEST:
                hf_raise_for_status(response)
            return response.json()

        with one_line(self.repo):
            verdict = self._again(ask)
        errors, notes = (_messages(verdict, key) for key in ("errors", "warnings"))
        if errors:
            what = f"the Hub refuses its header: {'; '.join(errors)}"
            raise ReleaseError(hide_token(what), where=CARD_FILE)
        return notes

    def refs(self) -> Refs:
        """Give the commits of branches and tags: never cached ones."""
        listed = self._settled(lambda: self._api.list_repo_refs(self.repo))
        branches, tags = (
            {ref.name: ref.target_commit for ref in refs} for refs in (listed.branches, listed.tags)
        )
        if MAIN not in branches:
            raise ReleaseError("has no main branch", where=self.repo)
        return Refs(branches, tags)

    def head(self, ref: str) -> str:
        """Give the newest commit of a branch or of a pull request."""
        if not ref.startswith("refs/") and (head := self.refs().branches.get(ref)):
            return head
        return self._settled(lambda: self._api.list_repo_commits(self.repo, revision=ref))[
            0
        ].commit_id

    def tree(self, revision: str) -> dict[str, RemoteFile]:
        """List every file at a revision. A list of none is asked for twice: it may be no list."""

        def ask() -> dict[str, RemoteFile]:
            listed = self._api.list_repo_tree(self.repo, recursive=True, revision=revision)
            return take_files(listed, self.repo)

        return self._settled(ask) or self._settled(ask)

    def commits(self, head: str, parent: str) -> list[tuple[str, str]]:
        """List oid and title of the commits from `head` back to, not including, `parent`."""
        found = []
        for commit in self._settled(lambda: self._api.list_repo_commits(self.repo, revision=head)):
            if commit.commit_id == parent:
                break
            found.append((commit.commit_id, commit.title))
        return found

    def fetch(self, revision: str, path: str) -> bytes:
        """Download a small file."""
        address = hf_hub_url(self.repo, path, revision=revision, endpoint=self.endpoint)

        def ask() -> bytes:
            response = get_session().get(address, headers=build_hf_headers())
            hf_raise_for_status(response)
            return response.content

        return self._settled(ask)

    def pull_requests(self, title: str) -> list[PullRequest]:
        """List the pull requests of that title that are open or drafts, newest first."""
        found = self._again(
            lambda: list(self._api.get_repo_discussions(self.repo, discussion_type="pull_request"))
        )
        return [
            PullRequest(item.num, item.title, item.status == "draft")
            for item in found
            if item.title == title and item.is_pull_request and item.status in {"open", "draft"}
        ]

    def create(self) -> str:
        """Make the repository, private for now; give its head. Raises if it exists by now."""
        try:
            self._api.create_repo(self.repo, private=True)
        except Exception as error:
            # The client trusts the address in the answer: a mirror may name another host there.
            if not is_passing(error) and not isinstance(error, ValueError):
                raise
            # Whether it was made is not known: it was not there a moment ago.
            if self.visibility() is None:
                self._again(lambda: self._api.create_repo(self.repo, private=True, exist_ok=True))
        return self.refs().branches[MAIN]

    def open_draft(self, title: str, description: str) -> PullRequest:
        """Start a draft pull request. What an error means is for the caller to find out."""
        # The client's own call asks for details then, and its error would not say which one failed.
        body = {"title": title, "description": description, "pullRequest": True}
        address = f"{self.endpoint}/api/models/{self.repo}/discussions"
        response = get_session().post(address, json=body, headers=build_hf_headers())
        hf_raise_for_status(response)
        return PullRequest(int(response.json()["num"]), title, draft=True)

    def mark_ready(self, request: PullRequest) -> None:
        """Turn a draft into a pull request that can be merged."""
        number = request.number
        self._again(lambda: self._api.change_discussion_status(self.repo, number, "open"))

    def close(self, request: PullRequest) -> None:
        """Close a pull request without merging it."""
        number = request.number
        self._again(lambda: self._api.change_discussion_status(self.repo, number, "closed"))

    def upload(self, additions: list[CommitOperationAdd], ref: str) -> None:
        """Send the large files; nothing is visible before a commit names them."""

        def send() -> None:
            with heard(additions):
                self._api.preupload_lfs_files(
                    self.repo,
                    additions,
                    revision=ref,
                    gitignore_content=NO_RULES,
                    free_memory=False,
                )

        self._again(send, is_passing_upload)

    def commit(
        self, title: str, description: str, parent: str, operations: Operations, ref: str
    ) -> str:
        """Commit once on top of `parent`. What an error means is for the caller to find out."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the card's header: shown with the plan
            made = self._api.create_commit(
                self.repo,
                operations,
                commit_message=title,
                commit_description=description,
                parent_commit=parent,
                revision=ref,
            )
        return str(made.oid)

    def start_branch(self, name: str, oid: str) -> None:
        """Make a branch that starts at a commit; one that is there is left as it is."""
        self._again(
            lambda: self._api.create_branch(self.repo, branch=name, revision=oid, exist_ok=True)
        )

    def tag(self, name: str, oid: str) -> None:
        """Tag a commit; a tag that exists is left where it is. Raises if that is elsewhere."""
        try:
            self._again(lambda: self._api.create_tag(self.repo, tag=name, revision=oid))
        except HfHubHTTPError as error:
            if status_of(error) != HTTPStatus.CONFLICT:
                raise
            there = self.refs().tags.get(name, "")
            if there != oid:
                what = f"tag {name} appeared on commit {there[:12]} meanwhile: it is not moved"
                raise ReleaseError(what, where=self.repo) from None

    def make_public(self) -> None:
        """Let everybody see it."""
        try:
            self._again(lambda: self._api.update_repo_settings(self.repo, private=False))
        except Exception as error:
            if status_of(error) != HTTPStatus.FORBIDDEN:
                raise
            hint = "everything is there: do it in its settings on the Hub"
            what = "the token may not make it public"
            raise ReleaseError(what, where=self.repo, hint=hint) from error

    def _settled(self, call: Callable[[], Result]) -> Result:
        """Read what must be there: what was just made may not be in every copy of the Hub yet."""
        return self._again(call, is_passing_or_missing)


def show_progress(*, wanted: bool) -> None:
    """Let the client draw its progress bars, or not."""
    if not wanted:
        disable_progress_bars()


def _messages(verdict: object, key: str) -> tuple[str, ...]:
    found = verdict.get(key) if isinstance(verdict, dict) else None
    items = found if isinstance(found, list) else []
    return tuple(str(item.get("message")) for item in items if isinstance(item, dict))
