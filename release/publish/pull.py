"""A pull request: a draft until its files were compared, and never a second one."""

import time
from http import HTTPStatus

from release.hub.client import pause
from release.hub.refusals import asked_wait, is_doubtful, status_of
from release.publish.commit import Committer, changed_meanwhile
from release.publish.files import Release
from release.publish.hub import Hub
from release.publish.plan import Plan
from release.publish.repository import PullRequest


def find_pull(plan: Plan, release: Release, hub: Hub) -> tuple[PullRequest, str | None] | None:
    """Find an earlier attempt: a pull request that holds the release, with its commit.

    Else a draft that holds nothing yet.
    """
    empty = None
    for request in hub.pull_requests(plan.message):
        head = hub.head(request.ref)
        if Committer(plan, release, hub, request.ref).is_release(head):
            return request, head
        if request.draft and head == plan.parent:
            empty = request
    return (empty, None) if empty else None


def open_pull(plan: Plan, release: Release, hub: Hub) -> PullRequest:
    """Open a draft on top of the plan's parent. Raises `ReleaseError`.

    A doubtful answer is followed by a look, for as long as anything may still become visible.
    """
    request = None
    waits = iter(hub.patience.waits)
    while request is None:
        try:
            request = hub.open_draft(plan.message, plan.description)
        except Exception as error:
            if not is_doubtful(error):
                raise
            if status_of(error) != HTTPStatus.TOO_MANY_REQUESTS:
                request = _find_late(plan, release, hub)
            if request is None:
                wait = next(waits, None)
                if wait is None:
                    raise
                pause(max(wait, asked_wait(error)))
    if hub.head(request.ref) != plan.parent:
        raise changed_meanwhile(plan)
    return request


def close_others(plan: Plan, hub: Hub, request: PullRequest) -> None:
    """Close drafts of the same title that hold nothing: opened too late for us to see."""
    for other in hub.pull_requests(plan.message):
        if other.draft and other.number != request.number and hub.head(other.ref) == plan.parent:
            hub.close(other)


def _find_late(plan: Plan, release: Release, hub: Hub) -> PullRequest | None:
    for wait in hub.patience.waits:
        time.sleep(wait)
        if found := find_pull(plan, release, hub):
            return found[0]
    return None
