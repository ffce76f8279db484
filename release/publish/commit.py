"""One commit, whatever becomes of the answers: after a doubtful one the Hub is asked."""

import time
from http import HTTPStatus

from release.errors import ReleaseError
from release.hub.refusals import asked_wait, is_passing, one_line, status_of
from release.publish.confirm import differences
from release.publish.files import Release
from release.publish.hub import MAIN, Hub, Made, Operations
from release.publish.plan import Plan

UNSURE = "the commit may have been made; the same command finds out and finishes"
MOVED = {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}


class Committer:
    """Makes the commit of one plan."""

    def __init__(self, plan: Plan, release: Release, hub: Hub) -> None:
        self._plan, self._release, self._hub = plan, release, hub

    def make(self, parent: str, operations: Operations) -> Made:
        """Commit on top of `parent`, once. Raises when somebody else did so meanwhile."""
        waits = iter(self._hub.patience.waits)
        while True:
            try:
                return self._hub.commit(self._plan, parent, operations)
            except Exception as error:
                moved = status_of(error) in MOVED
                if not moved and not is_passing(error):
                    raise
                with one_line(self._plan.repo, UNSURE):
                    if found := self._find_late(parent, moved=moved):
                        return found
                    if moved or self._head() != parent:
                        raise changed_meanwhile(self._plan) from error
                wait = next(waits, None)
                # Two pull requests would not exclude each other as two commits on a parent do.
                if wait is None or self._plan.pull_request:
                    raise
                time.sleep(max(wait, asked_wait(error)))

    def find(self, parent: str) -> Made | None:
        """Find a commit of this release since `parent`, or an open pull request of it."""
        title = self._plan.message
        if self._plan.pull_request:
            requests = self._hub.pull_requests(title)
            return next(
                (Made(self._head(r), url) for r, url in requests if self._is_there(r)), None
            )
        head = self._head()
        if head == parent:
            return None
        ours = [oid for oid, name in self._hub.commits(head, parent) if name == title]
        return next((Made(oid, None) for oid in ours if self._is_there(oid)), None)

    def _head(self, ref: str = MAIN) -> str:
        return self._hub.refs()[0] if ref == MAIN else self._hub.commits(ref, "")[0][0]

    def _is_there(self, revision: str) -> bool:
        return not differences(self._plan, self._release, self._hub.tree(revision))

    def _find_late(self, parent: str, *, moved: bool) -> Made | None:
        """Look for our commit, more than once where something was committed and is not listed."""
        for wait in (0.0, *self._hub.patience.waits):
            time.sleep(wait)
            found = self.find(parent)
            if found or not moved or self._head() != parent:
                return found
        return None


def changed_meanwhile(plan: Plan) -> ReleaseError:
    """Say that the plan is about a state of the Hub that has passed."""
    hint = "nothing of this release was published: look at the new plan and push again"
    return ReleaseError("somebody else changed it meanwhile", where=plan.repo, hint=hint)
