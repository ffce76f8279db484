"""One commit, whatever becomes of the answers: after a doubtful one the Hub is asked."""

import re
from http import HTTPStatus

from huggingface_hub.errors import HfHubHTTPError

from release.errors import ReleaseError
from release.hub.client import pause
from release.hub.refusals import asked_wait, is_doubtful, one_line, status_of
from release.hub.trusted import renew_token
from release.publish.confirm import differences
from release.publish.files import Release
from release.publish.hub import Hub, Operations
from release.publish.plan import Plan

UNSURE = "the commit may have been made; the same command finds out and finishes"
MOVED = {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT, HTTPStatus.LOCKED}
CANDIDATES = 20  # commits since the parent that are looked at
_OID = re.compile(r"[0-9a-f]{40}")


class Committer:
    """Makes the commit of one plan, on a branch or on a pull request's ref."""

    def __init__(self, plan: Plan, release: Release, hub: Hub, ref: str) -> None:
        self._plan, self._release, self._hub, self._ref = plan, release, hub, ref

    def make(self, parent: str, operations: Operations) -> str:
        """Commit on top of `parent`, once. Raises when somebody else did so meanwhile.

        Another attempt cannot make a second commit: the Hub takes one on each parent.
        """
        waits = iter(self._hub.patience.waits)
        while True:
            try:
                return self._commit(parent, operations)
            except Exception as error:
                moved = _is_moved(error)
                with one_line(self._plan.repo, UNSURE):
                    if found := self._find_late(parent, moved=moved):
                        return found
                    if self._hub.head(self._ref) != parent:
                        raise changed_meanwhile(self._plan) from error
                wait = next(waits, None)
                if wait is None and moved:
                    what = "the Hub says that something was committed, and does not show it"
                    raise ReleaseError(what, where=self._plan.repo) from error
                if wait is None or not (moved or is_doubtful(error) or renew_token(error)):
                    raise
                pause(max(wait, asked_wait(error)))

    def find(self, parent: str) -> str | None:
        """Find a commit of exactly this release since `parent`."""
        head = self._hub.head(self._ref)
        if head == parent:
            return None
        since = self._hub.commits(head, parent)
        since.sort(key=lambda commit: commit[1] != self._plan.message)
        return next((oid for oid, _ in since[:CANDIDATES] if self.is_release(oid)), None)

    def is_release(self, revision: str) -> bool:
        """Whether a revision holds exactly the release, and what the plan keeps beside it."""
        return not differences(self._plan, self._release, self._hub.tree(revision))

    def _commit(self, parent: str, operations: Operations) -> str:
        plan = self._plan
        oid = self._hub.commit(plan.message, plan.description, parent, operations, self._ref)
        if not _OID.fullmatch(oid):
            raise LookupError(f"commitOid is {oid!r}")
        for _ in self._hub.patience.looks():
            head = self._hub.head(self._ref)
            if head == oid or oid in dict(self._hub.commits(head, parent)):
                return oid
        what = f"the Hub says that it made commit {oid[:12]}, which is not on {self._ref}"
        raise ReleaseError(what, where=plan.repo, hint=UNSURE)

    def _find_late(self, parent: str, *, moved: bool) -> str | None:
        """Look for our commit, more than once where something was committed and is not listed."""
        for _ in self._hub.patience.looks():
            found = self.find(parent)
            if found or not moved or self._hub.head(self._ref) != parent:
                return found
        return None


def changed_meanwhile(plan: Plan) -> ReleaseError:
    """Say that the plan is about a state of the Hub that has passed."""
    hint = "nothing of this release was published: look at the new plan and push again"
    return ReleaseError("somebody else changed it meanwhile", where=plan.repo, hint=hint)


def _is_moved(error: Exception) -> bool:
    """Whether the Hub says that the commit's parent is not the head any more, or is held."""
    if not isinstance(error, HfHubHTTPError) or status_of(error) not in MOVED:
        return False
    return "/commit/" in error.response.request.url.path
