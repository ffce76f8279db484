"""Whether a tree on the Hub is exactly a release, told from its own hashes, without a download."""

from release.publish.files import Release
from release.publish.gate import GateError
from release.publish.others import ATTRIBUTES, RemoteFile
from release.publish.plan import Plan, matches
from release.report import FOUND

SHOWN = 3


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


def require_published(
    plan: Plan, release: Release, tree: dict[str, RemoteFile], commit: str
) -> None:
    """Raise `GateError` unless the tree of a commit is the release."""
    found = differences(plan, release, tree)
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        what = f"commit {commit[:12]} is not what was verified: {', '.join(found[:SHOWN])}{more}"
        hint = "it is neither tagged nor made public; look at it on the Hub"
        raise GateError(what, where=plan.repo, hint=hint, exit_code=FOUND)
