"""Carry out a plan: upload, one commit, a look at what is there, the tag last."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import msgspec
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from release.facts.identity import CARD_FILE
from release.hub.refusals import one_line, status_of
from release.publish.commit import UNSURE, Committer, changed_meanwhile
from release.publish.confirm import require_published
from release.publish.files import HeldFile, Release, ReleaseFile, StoredFile, changed
from release.publish.hub import Hub, Made, Operations
from release.publish.others import ATTRIBUTES
from release.publish.plan import Plan, Wish, make_plan, require_decided

NOTHING = "nothing was published; the same command goes on from there"
DONE = "the files are published; the same command finishes the rest"

Say = Callable[[str], None]


class Published(msgspec.Struct, frozen=True):
    """What a push did. `made` is false where the Hub held exactly this already."""

    plan: Plan
    made: bool
    commit: str
    url: str
    commit_url: str
    pull_request: str | None
    tag: str | None
    visibility: str


def prepare(release: Release, hub: Hub, wish: Wish) -> Plan:
    """Plan a push against the Hub as it is now. Writes nothing; raises `ReleaseError`."""
    notes = hub.check_card(release.held(CARD_FILE))
    plan = make_plan(release, hub.look(wish), wish)
    return msgspec.structs.replace(plan, notices=(*plan.notices, *notes))


def publish(plan: Plan, release: Release, hub: Hub, say: Say) -> Published:
    """Publish a release as planned, or raise `ReleaseError` with the Hub as it was."""
    require_decided(plan)
    committer = Committer(plan, release, hub)
    found = Made(plan.parent, None) if plan.parent and not plan.changes else None
    operations: Operations = ()
    with _stage(plan.repo, say, NOTHING):
        if plan.pull_request and plan.parent and plan.changes:
            found = committer.find(plan.parent)
        if not found:
            parent = plan.parent or _create(plan, hub)
            operations = _upload(plan, release, hub)
    with _stage(plan.repo, say, NOTHING, doubtful=UNSURE):
        made = found or committer.make(parent, operations)
    with _stage(plan.repo, say, DONE):
        require_published(plan, release, hub.tree(made.oid), made.oid)
        if plan.tag:
            hub.tag(plan.tag, made.oid)
        if plan.make_public:
            hub.make_public()
    return Published(
        plan=plan,
        made=found is None,
        commit=made.oid,
        url=made.pull_request or hub.url,
        commit_url=f"{hub.url}/commit/{made.oid}",
        pull_request=made.pull_request,
        tag=plan.tag,
        visibility="public" if plan.make_public else plan.visibility,
    )


@contextmanager
def _stage(repo: str, say: Say, hint: str, *, doubtful: str = "") -> Iterator[None]:
    """Say where we are left when this part fails or is interrupted."""
    try:
        with one_line(repo, hint, doubtful=doubtful):
            yield
    except KeyboardInterrupt:
        say(doubtful or hint)
        raise


def _create(plan: Plan, hub: Hub) -> str:
    """Make the repository; refuse one that somebody has filled meanwhile."""
    try:
        head = hub.create()
    except Exception as error:
        if status_of(error) == HTTPStatus.CONFLICT:
            raise changed_meanwhile(plan) from error
        raise
    if set(hub.tree(head)) - {ATTRIBUTES}:
        raise changed_meanwhile(plan)
    return head


def _upload(plan: Plan, release: Release, hub: Hub) -> Operations:
    """Send the large files; make sure that what was sent is what was verified."""
    files = {file.path: file for file in release.files}
    send = [files[planned.path] for planned in plan.files if planned.action != "keep"]
    additions = {file.path: _addition(file) for file in send}
    hub.upload(list(additions.values()), pull_request=plan.pull_request)
    # What the Hub keeps in git itself is sent by the commit: from memory, not from the disk.
    late = [
        file
        for file in send
        if isinstance(file, StoredFile) and not additions[file.path].upload_info.is_hashed
    ]
    additions |= {file.path: CommitOperationAdd(file.path, file.read()) for file in late}
    if late:
        hub.upload([additions[file.path] for file in late], pull_request=plan.pull_request)
    for file in send:
        if additions[file.path].upload_info.sha256.hex() != file.sha256:
            raise changed(file.path)
        file.require_untouched()
    deletions = [CommitOperationDelete(gone.path, is_folder=False) for gone in plan.deletes]
    return [*additions.values(), *deletions]


def _addition(file: ReleaseFile) -> CommitOperationAdd:
    if isinstance(file, HeldFile):
        return CommitOperationAdd(file.path, file.content)
    return CommitOperationAdd(file.path, str(file.place.absolute()))
