"""What a commit holds: listings of files, facts about paths, the history."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from release.demo.hub.fields import as_object, decimal, sound
from release.demo.hub.hub import Hub, commit_of
from release.demo.hub.repo import Commit, Repo
from release.demo.hub.tree import folder_name, folders
from release.demo.hub.wire import Answer, Request, bad_request, no_entry

Entry = dict[str, object]
Item = TypeVar("Item")


def stamp(date: datetime) -> str:
    """Write a UTC time as the Hub does: milliseconds and `Z`."""
    return date.strftime("%Y-%m-%dT%H:%M:%S.") + f"{date.microsecond // 1000:03d}Z"


def listing(hub: Hub, request: Request) -> Answer:
    """List a folder, page by page."""
    repo = hub.readable(request)
    commit = commit_of(repo, request)
    root = request.params.get("path", "").strip("/")
    all_folders = folders(commit.tree)
    if root and root not in all_folders:
        raise no_entry(root)
    prefix = f"{root}/" if root else ""
    paths = sorted(path for path in {*commit.tree, *all_folders} if path.startswith(prefix))
    if not request.wants("recursive"):
        paths = [path for path in paths if "/" not in path.removeprefix(prefix)]
    page, headers = _page(hub, request, paths)
    expand = request.wants("expand")
    entries = [_entry(repo, commit, path, expand=expand) for path in page]
    return Answer.of_json(entries, headers=headers)


def paths(hub: Hub, request: Request) -> Answer:
    """Describe the paths asked for that exist; the client sends a form, others JSON."""
    repo = hub.readable(request)
    commit = commit_of(repo, request)
    asked, expand = _asked(request)
    known = {*commit.tree, *folders(commit.tree)}
    found = [path.strip("/") for path in asked if path.strip("/") in known]
    return Answer.of_json([_entry(repo, commit, path, expand=expand) for path in found])


def _asked(request: Request) -> tuple[list[str], bool]:
    if "json" not in request.headers.get("Content-Type", ""):
        form = request.form()
        return form.get("paths", []), form.get("expand", ["false"])[-1].lower() == "true"
    fields = as_object(request.json())
    asked = fields.get("paths")
    if not isinstance(asked, list):
        raise bad_request('"paths" must be an array')
    return [path for path in map(str, asked) if sound(path)], fields.get("expand") is True


def _entry(repo: Repo, commit: Commit, path: str, *, expand: bool) -> Entry:
    blob = commit.tree.get(path)
    if blob is None:
        oid = folder_name(commit.tree, path)
        entry: Entry = {"type": "directory", "oid": oid, "size": 0, "path": path}
    else:
        entry = {"type": "file", "oid": blob.git_sha1, "size": blob.size, "path": path}
        if blob.lfs:
            pointer_size = blob.pointer_size
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": pointer_size}
        if blob.xet_hash:
            entry["xetHash"] = blob.xet_hash
    if expand:
        entry |= _expanded(repo, commit, path, is_file=blob is not None)
    return entry


def _expanded(repo: Repo, commit: Commit, path: str, *, is_file: bool) -> Entry:
    last = repo.last_change(commit, path)
    facts: Entry = {"lastCommit": {"id": last.oid, "title": last.title, "date": stamp(last.date)}}
    if is_file:
        scan = {"status": "safe"}
        facts["securityFileStatus"] = {"status": "safe", "avScan": scan, "pickleImportScan": scan}
    return facts


def commits(hub: Hub, request: Request) -> Answer:
    """List the commits up to a revision, newest first, page by page."""
    repo = hub.readable(request)
    history = list(repo.history(commit_of(repo, request)))
    page, headers = _page(hub, request, history)
    facts = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.text,
            "authors": [{"user": commit.author}],
            "date": stamp(commit.date),
        }
        for commit in page
    ]
    return Answer.of_json(facts, headers={**headers, "X-Total-Count": str(len(history))})


def _page(
    hub: Hub, request: Request, items: Sequence[Item]
) -> tuple[Sequence[Item], dict[str, str]]:
    limit = request.asked("limit", str(hub.settings.page_size))
    count = max(1, min(decimal(limit, "limit"), hub.settings.page_size))
    start = _start(request.asked("cursor"))
    page = items[start : start + count]
    if start + count >= len(items):
        return page, {}
    kept = [(key, value) for key, value in parse_qsl(request.query) if key != "cursor"]
    cursor = urlsafe_b64encode(json.dumps({"start": start + count}).encode()).decode()
    address = f"{hub.endpoint}{request.path}?{urlencode([*kept, ('cursor', cursor)])}"
    return page, {"Link": f'<{address}>; rel="next"'}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return abs(int(json.loads(urlsafe_b64decode(cursor))["start"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        raise bad_request("Invalid cursor") from None
