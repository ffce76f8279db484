"""The Hub as a push needs it: short calls with timeouts, tried again when that may help."""

import warnings
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    get_session,
    get_token,
    hf_hub_url,
    hf_raise_for_status,
)
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import httpx
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils.tqdm import disable_progress_bars

from release.checkpoint.index import INDEX_FILE, parse_index
from release.errors import CheckpointError, ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.client import Patience, limit_client
from release.hub.refusals import hide_token, is_passing, one_line, status_of
from release.publish.others import Remote, RemoteFile, Visibility
from release.publish.plan import Plan, Wish
from release.publish.record import read_record
from release.publish.selection import RECORD_FILE

MAIN = "main"
NO_RULES = "# none: the list of files is explicit\n"  # else a .gitignore there drops files unsaid

Operations = Sequence[CommitOperationAdd | CommitOperationDelete]


class Made(msgspec.Struct, frozen=True):
    """A commit, and the address of the pull request that it is in."""

    oid: str
    pull_request: str | None


class Hub:
    """One repository on the Hub at `endpoint`, else HF_ENDPOINT's, with the client's own token.

    The token is looked up again for each call: one by trusted publishing lives for an hour.
    """

    def __init__(
        self, repo: str, patience: Patience | None = None, endpoint: str | None = None
    ) -> None:
        self.repo, self.patience = repo, patience or Patience()
        self._again = self.patience.again
        with one_line(repo):
            if not get_token():
                hint = "set HF_TOKEN, or run `hf auth login`"
                raise ReleaseError("there is no token for the Hub", hint=hint)
        limit_client(self.patience)
        self._api = HfApi(endpoint=endpoint)

    @property
    def url(self) -> str:
        """The page of the repository."""
        return f"{self._api.endpoint}/{self.repo}"

    def look(self, wish: Wish) -> Remote:
        """Read what is there now, and whether this token may change it. Writes nothing."""
        with one_line(self.repo):
            visibility = self._visibility()
            if visibility is None:
                self._require_namespace()
                return Remote()
            if not wish.pull_request:
                self._again(lambda: self._api.auth_check(self.repo, write=True))
            head, tags = self.refs()
            files = self.tree(head)
            card = self._fetch(head, CARD_FILE) if CARD_FILE in files else None
            record = self._fetch(head, RECORD_FILE) if RECORD_FILE in files else b""
            return Remote(
                head=head,
                visibility=visibility,
                files=files,
                tags=tags,
                sharded=self._sharded(head, files),
                card=None if card is None else card.decode("utf-8", "replace"),
                record=read_record(record),
            )

    def check_card(self, content: bytes) -> tuple[str, ...]:
        """Have the Hub judge the card's header; give its warnings. Raises `ReleaseError`."""
        body = {"content": content.decode("utf-8", "replace"), "repoType": "model"}

        def ask() -> httpx.Response:
            address = f"{self._api.endpoint}/api/validate-yaml"
            response = get_session().post(address, json=body, headers=build_hf_headers())
            if response.status_code != HTTPStatus.BAD_REQUEST:
                hf_raise_for_status(response)
            return response

        with one_line(self.repo):
            verdict = self._again(ask).json()
        errors, notes = (_messages(verdict, key) for key in ("errors", "warnings"))
        if errors:
            what = f"the Hub refuses its header: {'; '.join(errors)}"
            raise ReleaseError(hide_token(what), where=CARD_FILE)
        return notes

    def refs(self) -> tuple[str, dict[str, str]]:
        """Give the head of the main branch and the commits of the tags: never cached ones."""
        refs = self._again(lambda: self._api.list_repo_refs(self.repo))
        heads = [ref.target_commit for ref in refs.branches if ref.name == MAIN]
        if not heads:
            raise ReleaseError("has no main branch", where=self.repo)
        return heads[0], {ref.name: ref.target_commit for ref in refs.tags}

    def tree(self, revision: str) -> dict[str, RemoteFile]:
        """List every file at a revision."""
        entries = self._again(
            lambda: list(self._api.list_repo_tree(self.repo, recursive=True, revision=revision))
        )
        return {
            entry.path: RemoteFile(
                entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None
            )
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    def commits(self, head: str, parent: str) -> list[tuple[str, str]]:
        """List oid and title of the commits from `head` back to, not including, `parent`."""
        found = []
        for commit in self._again(lambda: self._api.list_repo_commits(self.repo, revision=head)):
            if commit.commit_id == parent:
                break
            found.append((commit.commit_id, commit.title))
        return found

    def pull_requests(self, title: str) -> list[tuple[str, str]]:
        """List ref and address of the open pull requests of that title."""
        found = self._again(
            lambda: list(
                self._api.get_repo_discussions(
                    self.repo, discussion_type="pull_request", discussion_status="open"
                )
            )
        )
        return [
            (f"refs/pr/{item.num}", f"{self.url}/discussions/{item.num}")
            for item in found
            if item.title == title
        ]

    def create(self) -> str:
        """Make the repository, private for now; give its head. Raises if it exists by now."""
        try:
            self._api.create_repo(self.repo, private=True)
        except Exception as error:
            if not is_passing(error):
                raise
            # Whether it was made is not known: it was not there a moment ago.
            if self._visibility() is None:
                self._again(lambda: self._api.create_repo(self.repo, private=True, exist_ok=True))
        return self.refs()[0]

    def upload(self, additions: list[CommitOperationAdd], *, pull_request: bool) -> None:
        """Send the large files; nothing is visible before a commit names them."""
        self._api.preupload_lfs_files(
            self.repo, additions, create_pr=pull_request, gitignore_content=NO_RULES
        )

    def commit(self, plan: Plan, parent: str, operations: Operations) -> Made:
        """Commit once on top of `parent`. What an error means is for the caller to find out."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the card's header: shown with the plan
            made = self._api.create_commit(
                self.repo,
                operations,
                commit_message=plan.message,
                commit_description=plan.description,
                parent_commit=parent,
                create_pr=plan.pull_request,
            )
        return Made(made.oid, made.pr_url)

    def tag(self, name: str, oid: str) -> None:
        """Tag a commit; a tag that exists is left where it is. Raises if that is elsewhere."""
        try:
            self._again(lambda: self._api.create_tag(self.repo, tag=name, revision=oid))
        except HfHubHTTPError as error:
            if status_of(error) != HTTPStatus.CONFLICT:
                raise
            there = self.refs()[1].get(name, "")
            if there != oid:
                what = f"tag {name} appeared on commit {there[:12]} meanwhile: it is not moved"
                raise ReleaseError(what, where=self.repo) from None

    def make_public(self) -> None:
        """Let everybody see it."""
        self._again(lambda: self._api.update_repo_settings(self.repo, private=False))

    def _visibility(self) -> Visibility | None:
        """Who may see it; None if it is not there. Raises if it has another name by now."""
        try:
            # Without `timeout` this call alone sets aside the client's own.
            limit = self.patience.answer
            info = self._again(
                lambda: self._api.model_info(self.repo, expand=["private"], timeout=limit)
            )
        except RepositoryNotFoundError:
            return None
        if info.id != self.repo:
            hint = "write that name into release.toml"
            raise ReleaseError(f"is called {info.id!r} on the Hub", where=self.repo, hint=hint)
        return "private" if info.private else "public"

    def _require_namespace(self) -> None:
        """Raise unless the token may make repositories in that namespace."""
        owner = self.repo.partition("/")[0]
        who = self._again(self._api.whoami)
        names = {who.get("name"), *(org.get("name") for org in who.get("orgs", []))}
        if owner not in names:
            hint = f"does the repository exist, and is the token one of {owner}?"
            what = f"the token's owner {who.get('name')!r} is not {owner!r}, nor in it"
            raise ReleaseError(what, where=self.repo, hint=hint)
        if who.get("auth", {}).get("accessToken", {}).get("role") == "read":
            hint = "make one with write access"
            raise ReleaseError("the token may only read", where=self.repo, hint=hint)

    def _sharded(self, head: str, files: dict[str, RemoteFile]) -> frozenset[str]:
        """Name the shards of the index that is there; a broken one names none."""
        if INDEX_FILE not in files:
            return frozenset()
        try:
            return frozenset(parse_index(self._fetch(head, INDEX_FILE)).shards)
        except CheckpointError:
            return frozenset()

    def _fetch(self, revision: str, path: str) -> bytes:
        address = hf_hub_url(self.repo, path, revision=revision, endpoint=self._api.endpoint)

        def ask() -> bytes:
            response = get_session().get(address, headers=build_hf_headers())
            hf_raise_for_status(response)
            return response.content

        return self._again(ask)


def show_progress(*, wanted: bool) -> None:
    """Let the client draw its progress bars, or not."""
    if not wanted:
        disable_progress_bars()


def _messages(verdict: object, key: str) -> tuple[str, ...]:
    found = verdict.get(key) if isinstance(verdict, dict) else None
    items = found if isinstance(found, list) else []
    return tuple(str(item.get("message")) for item in items if isinstance(item, dict))
