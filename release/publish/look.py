"""What is on the Hub now, and whether this token may change it. Writes nothing."""

from http import HTTPStatus

from release.checkpoint.index import INDEX_FILE, parse_index
from release.errors import CheckpointError, ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.refusals import one_line, status_of
from release.hub.remote_file import RemoteFile
from release.hub.trusted import is_trusted
from release.publish.access import require_creation, scopes
from release.publish.files import hold
from release.publish.hub import Hub
from release.publish.others import MAIN, Remote
from release.publish.plan import Wish, matches
from release.publish.record import read_record
from release.publish.repository import Page
from release.publish.selection import RECORD_FILE

LARGEST = 64 << 20  # bytes of a card, a record or an index that is read
NOTHING_OF_OURS = b"\0"  # no card by us, no record, no index


def look(hub: Hub, wish: Wish) -> Remote:
    """Read the repository as it is now. Raises `ReleaseError`."""
    with one_line(hub.repo):
        page = hub.page()
        if page is None:
            _require_creation(hub)
            return Remote()
        if not wish.pull_request:
            _require_writable(hub)
        refs = hub.refs()
        head = refs.branches.get(wish.branch, refs.branches[MAIN])
        files = _listed(hub, head, page)
        card = fetch(hub, head, CARD_FILE, files) if CARD_FILE in files else None
        record = fetch(hub, head, RECORD_FILE, files) if RECORD_FILE in files else b""
        return Remote(
            head=head,
            visibility=page.visibility,
            files=files,
            branches=refs.branches,
            tags=refs.tags,
            sharded=_sharded(hub, head, files),
            card=None if card is None else card.decode("utf-8", "replace"),
            record=read_record(record),
        )


def _listed(hub: Hub, head: str, page: Page) -> dict[str, RemoteFile]:
    """List the files; a list in pages may have lost its rest on the way, and nobody would see."""
    named = page.names if page.head == head else frozenset()
    for _ in hub.patience.looks():
        files = hub.tree(head)
        lost = sorted(named - files.keys())
        if not lost:
            return files
    what = f"the list of its files lacks {lost[0]}, which the Hub names as one of them"
    hint = "something between here and the Hub cuts its answers: ask without a proxy or mirror"
    raise ReleaseError(what, where=hub.repo, hint=hint)


def _require_creation(hub: Hub) -> None:
    if is_trusted():
        what = "is not there, and trusted publishing makes no repository"
        hint = "make it on the Hub, and name this workflow as a trusted publisher in its settings"
        raise ReleaseError(what, where=hub.repo, hint=hint)
    require_creation(hub.repo, hub.whoami())


def _require_writable(hub: Hub) -> None:
    try:
        hub.require_writable()
    except Exception as error:
        hint = ""
        if status_of(error) == HTTPStatus.FORBIDDEN and not is_trusted():
            hint = scopes(hub.whoami(), hub.repo)
        if not hint:
            raise
        raise ReleaseError("the token may not write to it", where=hub.repo, hint=hint) from error


def _sharded(hub: Hub, head: str, files: dict[str, RemoteFile]) -> frozenset[str]:
    """Name the shards of the index that is there; a broken one names none."""
    if INDEX_FILE not in files:
        return frozenset()
    try:
        return frozenset(parse_index(fetch(hub, head, INDEX_FILE, files)).shards)
    except CheckpointError:
        return frozenset()


def fetch(hub: Hub, head: str, path: str, files: dict[str, RemoteFile]) -> bytes:
    """Download what the tree names, and nothing that a gateway says in its place."""
    if files[path].size > LARGEST:
        return NOTHING_OF_OURS
    for _ in hub.patience.looks():
        held = hold(path, hub.fetch(head, path))
        if matches(held, files[path]):
            return held.content
    raise ReleaseError(f"{path} is served with other bytes than the Hub lists", where=hub.repo)
