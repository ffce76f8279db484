"""Discussions and pull requests."""

import itertools
from http import HTTPStatus

from release.demo.hub.access import login_required
from release.demo.hub.fields import as_object, decimal, text
from release.demo.hub.hub import Hub
from release.demo.hub.repo import Commit, Discussion, Event, Message, Repo, Status, now
from release.demo.hub.tree import Edit, Put, Remove, Tree
from release.demo.hub.trees import stamp
from release.demo.hub.wire import Answer, HubError, Request, bad_request, conflict

PAGE = 50


def listing(hub: Hub, request: Request) -> Answer:
    """List discussions, filtered by kind, status and author."""
    repo = hub.readable(request)
    kind, status, author = (request.asked(key) for key in ("type", "status", "author"))
    with repo.lock:
        found = [
            discussion
            for discussion in reversed(repo.discussions.values())
            if kind in {"", "all", "pull_request" if discussion.base else "discussion"}
            and author in {"", discussion.author}
            and (status in {"", "all", discussion.status} or _closed(status, discussion))
        ]
    start = PAGE * decimal(request.asked("p", "0"), "p")
    shown = [_summary(repo, discussion) for discussion in found[start : start + PAGE]]
    return Answer.of_json({"discussions": shown, "count": len(found), "start": start})


def _closed(status: str, discussion: Discussion) -> bool:
    return status == "closed" and discussion.status == "merged"


def create(hub: Hub, request: Request) -> Answer:
    """Open a discussion, or a draft pull request with nothing in it yet."""
    repo = hub.readable(request)
    if request.caller.anonymous:
        raise login_required()
    fields = as_object(request.json())
    message = Message(text(fields, "title"), text(fields, "description", ""), request.caller.name)
    if fields.get("pullRequest") is True:
        hub.writable(request)
        start = repo.find("main").oid
        made = open_pull(repo, message, base="main", start=start, status="draft")
    else:
        with repo.lock:
            made = _add(repo, message, base=None, status="open")
    address = f"{hub.endpoint}/{repo.id}/discussions/{made.number}"
    answer = {"num": made.number, "url": address, "pullRequest": made.base is not None}
    return Answer.of_json(answer)


def details(hub: Hub, request: Request) -> Answer:
    """Describe one discussion with all its events."""
    repo = hub.readable(request)
    discussion = _find(repo, request)
    facts = _summary(repo, discussion)
    numbers = itertools.count()
    facts["events"] = [_event(event, next(numbers)) for event in discussion.events]
    if discussion.base is not None:
        changes: dict[str, object] = {"base": f"refs/heads/{discussion.base}"}
        if discussion.merged_as:
            changes["mergeCommitId"] = discussion.merged_as
        facts |= {"changes": changes, "diff": "", "filesWithConflicts": _clashes(repo, discussion)}
    return Answer.of_json(facts)


def set_status(hub: Hub, request: Request) -> Answer:
    """Open or close; this is also what ends a draft."""
    repo = hub.writable(request)
    discussion = _find(repo, request)
    status = text(as_object(request.json()), "status")
    if status not in {"open", "closed"}:
        raise bad_request('"status" must be one of [open, closed]')
    with repo.lock:
        if discussion.status == "merged":
            raise conflict("This pull request is merged")
        discussion.status = "open" if status == "open" else "closed"
        event = Event("status-change", request.caller.name, now(), {"status": status})
        discussion.events.append(event)
    return Answer.of_json({"newStatus": _event(event, len(discussion.events) - 1)})


def merge(hub: Hub, request: Request) -> Answer:
    """Merge an open pull request into its base as one commit."""
    repo = hub.writable(request)
    discussion = _find(repo, request)
    with repo.lock:
        if discussion.base is None or discussion.status != "open":
            raise conflict(f"A {discussion.status} discussion cannot be merged")
        if clashes := _clashes(repo, discussion):
            raise conflict("Both sides changed " + ", ".join(clashes))
        edits = _edits(_fork(repo, discussion).tree, repo.find(discussion.ref).tree)
        title = f"{discussion.title} (#{discussion.number})"
        made = repo.commit(discussion.base, edits, Message(title, "", request.caller.name))
        discussion.status, discussion.merged_as = "merged", made.oid
        event = Event("status-change", request.caller.name, now(), {"status": "merged"})
        discussion.events.append(event)
    return Answer.of_json({"mergeCommitId": made.oid})


def open_pull(repo: Repo, message: Message, *, base: str, start: str, status: Status) -> Discussion:
    """Start a pull request against the branch `base`. Raises HubError 404."""
    with repo.lock:
        if base not in repo.branches:
            raise HubError(HTTPStatus.NOT_FOUND, f"Invalid rev id: {base}", code="RevisionNotFound")
        made = _add(repo, message, base=base, status=status)
        repo.pulls[made.ref] = start
    return made


def record_commit(discussion: Discussion, commit: Commit) -> None:
    """Note a commit on a pull request."""
    data = {"subject": commit.title, "oid": commit.oid}
    discussion.events.append(Event("commit", commit.author, commit.date, data))


def record_push(repo: Repo, ref: str, commit: Commit) -> None:
    """Note a commit if `ref` is a pull request's."""
    for discussion in repo.discussions.values():
        if discussion.ref == ref:
            record_commit(discussion, commit)


def _add(repo: Repo, message: Message, *, base: str | None, status: Status) -> Discussion:
    number = len(repo.discussions) + 1
    made = Discussion(number, message.title, message.author, now(), status, base)
    made.events.append(_said(message.text, message.author))
    repo.discussions[number] = made
    return made


def _find(repo: Repo, request: Request) -> Discussion:
    number = decimal(request.params["number"], "number")
    found = repo.discussions.get(number)
    if found is None:
        raise HubError(HTTPStatus.NOT_FOUND, f"There is no discussion {number}")
    return found


def _fork(repo: Repo, discussion: Discussion) -> Commit:
    """Return the newest commit that pull request and base share."""
    base = {commit.oid for commit in repo.history(repo.find(discussion.base or "main"))}
    return next(c for c in repo.history(repo.find(discussion.ref)) if c.oid in base)


def _clashes(repo: Repo, discussion: Discussion) -> list[str]:
    fork = _fork(repo, discussion).tree
    ours = repo.find(discussion.base or "main").tree
    theirs = repo.find(discussion.ref).tree
    both = _changed(fork, ours) & _changed(fork, theirs)
    return sorted(path for path in both if ours.get(path) != theirs.get(path))


def _changed(before: Tree, after: Tree) -> set[str]:
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def _edits(before: Tree, after: Tree) -> list[Edit]:
    return [
        Put(path, after[path]) if path in after else Remove(path, folder=False)
        for path in sorted(_changed(before, after))
    ]


def _said(words: str, author: str) -> Event:
    moment = now()
    latest = {"raw": words, "html": words, "updatedAt": stamp(moment), "author": {"name": author}}
    data = {"edited": False, "hidden": False, "latest": latest, "history": [latest]}
    return Event("comment", author, moment, data)


def _event(event: Event, number: int) -> dict[str, object]:
    return {
        "id": f"{number:024x}",
        "type": event.kind,
        "createdAt": stamp(event.date),
        "author": {"name": event.author},
        "data": dict(event.data),
    }


def _summary(repo: Repo, discussion: Discussion) -> dict[str, object]:
    return {
        "num": discussion.number,
        "title": discussion.title,
        "status": discussion.status,
        "author": {"name": discussion.author},
        "createdAt": stamp(discussion.date),
        "repo": {"name": repo.id, "type": "model"},
        "isPullRequest": discussion.base is not None,
    }
