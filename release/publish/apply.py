"""Carry out a plan: upload, one commit, a look at what is there, the tag last."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import msgspec

from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.refusals import one_line, status_of
from release.publish.commit import UNSURE, Committer, changed_meanwhile
from release.publish.confirm import require_published, require_seen, require_tag
from release.publish.files import Release
from release.publish.hub import Hub, Operations
from release.publish.look import look
from release.publish.others import ATTRIBUTES, MAIN
from release.publish.plan import Plan, Wish, make_plan, require_decided
from release.publish.pull import close_others, find_pull, open_pull
from release.publish.repository import PullRequest
from release.publish.send import send
from release.publish.state import Begun, begin, end, has_begun
from release.report import FOUND

NOTHING = "nothing was published; the same command goes on from there"
DONE = "the files are published; the same command finishes the rest"

Say = Callable[[str], None]


class Published(msgspec.Struct, frozen=True):
    """What a push did. `made` is false where the Hub held exactly this already.

    `complete` is false once the commit is made and as long as it was neither compared nor tagged
    nor shown: that is what is known of a push that is cut off then.
    """

    plan: Plan
    made: bool
    commit: str
    url: str
    commit_url: str
    pull_request: str | None
    tag: str | None
    visibility: str
    complete: bool = False


class Target(msgspec.Struct, frozen=True):
    """Where the commit goes: on `parent`, unless it is `made` already.

    `ref` is a branch, or that of the pull request.
    """

    ref: str
    parent: str
    made: str | None = None
    request: PullRequest | None = None


def prepare(release: Release, hub: Hub, wish: Wish) -> Plan:
    """Plan a push against the Hub as it is now. Writes nothing; raises `ReleaseError`."""
    notes = hub.check_card(release.held(CARD_FILE))
    resumed = wish.visibility is None and _completes(wish) and has_begun(_begun(hub))
    if resumed:
        wish = msgspec.structs.replace(wish, visibility="public")
    plan = make_plan(release, look(hub, wish), wish)
    if resumed and plan.make_public and not plan.create:
        notes = (*notes, "a push that was cut off made it, to be public in the end")
    return msgspec.structs.replace(plan, notices=(*plan.notices, *notes))


def publish(
    plan: Plan,
    release: Release,
    hub: Hub,
    say: Say,
    committed: Callable[[Published], None] = lambda _: None,
) -> Published:
    """Publish a release as planned, or raise `ReleaseError` with the Hub as it was.

    `committed` is told as soon as there is a commit: what comes after it may not come to an end.
    """
    require_decided(plan)
    operations: Operations = ()
    with _stage(plan.repo, say, NOTHING):
        target = _find_target(plan, release, hub)
        if not target.made:
            operations = send(plan, release, hub, target.ref)
    with _stage(plan.repo, say, NOTHING, doubtful=UNSURE):
        committer = Committer(plan, release, hub, target.ref)
        commit = target.made or committer.make(target.parent, operations)
    address = f"{hub.url}/discussions/{target.request.number}" if target.request else None
    done = Published(
        plan=plan,
        made=target.made is None,
        commit=commit,
        url=address or hub.url,
        commit_url=f"{hub.url}/commit/{commit}",
        pull_request=address,
        tag=None,
        visibility="private" if plan.make_public else plan.visibility,
    )
    with _stage(plan.repo, say, DONE):
        committed(done)
        require_published(plan, release, hub, commit)
        _finish(plan, hub, commit, target.request)
    visibility = "public" if plan.make_public else plan.visibility
    return msgspec.structs.replace(done, tag=plan.tag, visibility=visibility, complete=True)


@contextmanager
def _stage(repo: str, say: Say, hint: str, *, doubtful: str = "") -> Iterator[None]:
    """Say where we are left when this part fails or is interrupted."""
    try:
        with one_line(repo, hint, doubtful=doubtful):
            yield
    except ReleaseError as error:
        if hint == DONE and error.exit_code != FOUND and DONE not in error.hint:
            more = "; ".join(part for part in (error.hint, DONE) if part)
            raise ReleaseError(error.what, where=error.where, hint=more) from error
        raise
    except KeyboardInterrupt:
        say(doubtful or hint)
        raise


def _find_target(plan: Plan, release: Release, hub: Hub) -> Target:
    """Find where to commit; make the repository, branch or draft where there is none."""
    if plan.parent is None:
        return Target(plan.branch, _create(plan, hub))
    if plan.start_branch:
        hub.start_branch(plan.branch, plan.parent)
        if hub.head(plan.branch) != plan.parent:
            raise changed_meanwhile(plan)
    if not plan.changes:
        return Target(plan.branch, plan.parent, made=plan.parent)
    if not plan.pull_request:
        return Target(plan.branch, plan.parent)
    found = find_pull(plan, release, hub)
    request, made = found or (open_pull(plan, release, hub), None)
    return Target(request.ref, plan.parent, made, request)


def _create(plan: Plan, hub: Hub) -> str:
    """Make the repository; refuse one that somebody has filled meanwhile."""
    if plan.make_public:
        begin(_begun(hub))
    try:
        head = hub.create()
    except Exception as error:
        if status_of(error) != HTTPStatus.CONFLICT:
            raise
        # A line that repeats what it sends makes one, and says that it is there: private, as asked.
        if hub.visibility() != "private":
            end(_begun(hub))  # it is not ours
            raise changed_meanwhile(plan) from error
        head = hub.head(MAIN)
    if set(hub.tree(head)) - {ATTRIBUTES}:
        raise changed_meanwhile(plan)
    require_seen(hub, "private", "nothing was sent: make it private there, or say --public")
    return head


def _begun(hub: Hub) -> Begun:
    return Begun(hub.endpoint, hub.repo)


def _finish(plan: Plan, hub: Hub, commit: str, request: PullRequest | None) -> None:
    """Show it to others, now that all of it was compared."""
    if plan.tag:
        hub.tag(plan.tag, commit)
        require_tag(plan.tag, commit, hub)
    if plan.make_public:
        hub.make_public()
    require_seen(hub, "public" if plan.make_public else plan.visibility)
    if request:
        if request.draft:
            hub.mark_ready(request)
        close_others(plan, hub, request)
    if _completes(plan):
        end(_begun(hub))


def _completes(what: Wish | Plan) -> bool:
    """Whether the main branch is complete after it, which is what others see first."""
    return not what.pull_request and what.branch == MAIN
