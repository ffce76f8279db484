"""Branches and tags."""

from urllib.parse import unquote

from release.demo.hub.fields import as_object, text
from release.demo.hub.hub import Hub, revision_of
from release.demo.hub.wire import Answer, Request


def listing(hub: Hub, request: Request) -> Answer:
    """List branches and tags, pull requests if asked."""
    repo = hub.readable(request)
    with repo.lock:
        answer: dict[str, object] = {
            "branches": _named("refs/heads/", repo.branches),
            "converts": [],
            "tags": _named("refs/tags/", repo.tags),
        }
        if request.wants("include_prs"):
            answer["pullRequests"] = _named("", repo.pulls)
    return Answer.of_json(answer)


def _named(prefix: str, refs: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "ref": prefix + name, "targetCommit": oid} for name, oid in refs.items()]


def create_branch(hub: Hub, request: Request) -> Answer:
    """Start a branch at `startingPoint`, else at the main branch; 409 if it exists."""
    repo = hub.writable(request)
    start = text(as_object(request.json()), "startingPoint", "main")
    repo.start_branch(unquote(request.params["branch"]), start)
    return Answer.of_json({})


def create_tag(hub: Hub, request: Request) -> Answer:
    """Tag a revision; 409 if the tag exists."""
    repo = hub.writable(request)
    repo.set_tag(text(as_object(request.json()), "tag"), revision_of(request))
    return Answer.of_json({})
