"""Whether the Hub holds exactly a release: by its own hashes, and what readers see by its bytes."""

from http import HTTPStatus

from huggingface_hub.errors import HfHubHTTPError

from release.checkpoint import CONFIG_FILE
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.refusals import status_of
from release.hub.remote_file import RemoteFile
from release.publish.files import Release
from release.publish.gate import GateError
from release.publish.hub import Hub
from release.publish.others import ATTRIBUTES, Visibility
from release.publish.plan import Plan, matches
from release.publish.selection import RECORD_FILE
from release.report import FOUND

SHOWN = 3
FETCHED = (CARD_FILE, CONFIG_FILE, RECORD_FILE)


def differences(plan: Plan, release: Release, tree: dict[str, RemoteFile]) -> list[str]:
    """Say each way in which a tree is not the release and what the plan keeps beside it."""
    found = [
        f"{file.path} {'is not as verified' if file.path in tree else 'is missing'}"
        for file in release.files
        if not matches(file, tree.get(file.path))
    ]
    expected = {file.path for file in release.files} | {*plan.kept, ATTRIBUTES}
    found += [f"{path} should not be there" for path in sorted(tree.keys() - expected)]
    return found


def require_published(plan: Plan, release: Release, hub: Hub, commit: str) -> None:
    """Raise `GateError` unless a commit is the release; a copy of the Hub may lag for a while."""
    found: list[str] = []
    for _ in hub.patience.looks():
        found = differences(plan, release, hub.tree(commit)) or _misread(release, hub, commit)
        if not found:
            return
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    what = f"commit {commit[:12]} is not what was verified: {', '.join(found[:SHOWN])}{more}"
    shown = plan.visibility == "public" and not (plan.create or plan.pull_request)
    left = (
        f"it is on {plan.branch} already, untagged"
        if shown
        else "it is neither tagged nor made public"
    )
    hint = f"{left}; look at it on the Hub"
    raise GateError(what, where=plan.repo, hint=hint, exit_code=FOUND)


def require_tag(name: str, commit: str, hub: Hub) -> None:
    """Raise `ReleaseError` unless a tag is on a commit."""
    there = ""
    for _ in hub.patience.looks():
        there = hub.refs().tags.get(name, "")
        if there == commit:
            return
    where = f"on commit {there[:12]}" if there else "not there"
    raise ReleaseError(f"tag {name} is {where}, though the Hub took it", where=hub.repo)


def require_seen(hub: Hub, wanted: Visibility, hint: str = "look at its settings there") -> None:
    """Raise `ReleaseError` unless those may see it who should: everybody, or members only."""
    there: Visibility | None = None
    for _ in hub.patience.looks():
        try:
            there = hub.visibility()
        except HfHubHTTPError as error:
            if status_of(error) != HTTPStatus.NOT_FOUND:
                raise
        if there == wanted:
            return
    what = f"is {there or 'not to be seen'} on the Hub, and should be {wanted}"
    raise ReleaseError(what, where=hub.repo, hint=hint)


def _misread(release: Release, hub: Hub, commit: str) -> list[str]:
    """Fetch what readers and engines look at first, and compare it byte by byte."""
    held = [path for path in FETCHED if release.holds(path)]
    return [
        f"{path} is served with other bytes"
        for path in held
        if hub.fetch(commit, path) != release.held(path)
    ]
