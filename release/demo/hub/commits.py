"""The commit call: one header line, then one line an edit (NDJSON)."""

import json
from base64 import b64decode
from http import HTTPStatus

from release.demo.hub import card, discussions
from release.demo.hub.fields import Object, as_object, sha256, size, text
from release.demo.hub.hub import Hub, revision_of
from release.demo.hub.repo import Message, Repo
from release.demo.hub.tree import (
    ATTRIBUTES,
    Blob,
    Edit,
    Put,
    Remove,
    attribute_line,
    check_path,
    large,
    regular,
    tracked,
)
from release.demo.hub.wire import JSON_LIMIT, Answer, Request, bad_request


def commit(hub: Hub, request: Request) -> Answer:
    """Commit on a branch, or open a pull request with `create_pr=1`."""
    repo = hub.writable(request)
    header, lines = _lines(request)
    message = Message(text(header, "summary"), text(header, "description", ""), request.caller.name)
    expected = text(header, "parentCommit", "")
    branch = revision_of(request)
    with repo.lock:
        head = repo.find(branch)
    edits = [_edit(hub, key, value) for key, value in lines]
    if request.wants("create_pr"):
        start = repo.find(expected).oid if expected else head.oid
        pull = discussions.open_pull(repo, message, base=branch, start=start, status="open")
        made = repo.commit(pull.ref, _with_attributes(hub, repo, pull.ref, edits), message)
        discussions.record_commit(pull, made)
        link = f"{hub.endpoint}/{repo.id}/discussions/{pull.number}"
        return _done(hub, repo, made.oid, {"pullRequestUrl": link})
    with repo.lock:
        edits = _with_attributes(hub, repo, branch, edits)
        made = repo.commit(branch, edits, message, expected)
    discussions.record_push(repo, branch, made)
    return _done(hub, repo, made.oid, {})


def _done(hub: Hub, repo: Repo, oid: str, more: dict[str, object]) -> Answer:
    address = f"{hub.endpoint}/{repo.id}/commit/{oid}"
    return Answer.of_json(
        {"success": True, "commitOid": oid, "commitUrl": address, "hookOutput": "", **more},
        status=HTTPStatus.OK,
    )


def _lines(request: Request) -> tuple[Object, list[tuple[str, Object]]]:
    parsed: list[tuple[str, Object]] = []
    for number, line in enumerate(request.body.read_all(JSON_LIMIT).splitlines(), 1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"Line {number} is not JSON: {error}") from None
        fields = as_object(value, f"line {number}")
        parsed.append((text(fields, "key"), as_object(fields.get("value"), '"value"')))
    if not parsed or parsed[0][0] != "header":
        raise bad_request("The first line of a commit must be its header")
    return parsed[0][1], parsed[1:]


def _edit(hub: Hub, key: str, value: Object) -> Edit:
    path = text(value, "path")
    if key == "deletedFile":
        return Remove(path, folder=False)
    if key == "deletedFolder":
        return Remove(path, folder=True)
    check_path(path)
    if key == "file":
        return Put(path, _regular(hub, path, value))
    if key == "lfsFile":
        return Put(path, _large(hub, path, value))
    raise bad_request(f"Unknown operation: {key!r}")


def _regular(hub: Hub, path: str, value: Object) -> Blob:
    content = text(value, "content", "").encode()
    if text(value, "encoding", "utf-8") == "base64":
        try:
            content = b64decode(content, validate=True)
        except ValueError:
            raise bad_request(f"{path}: the content is not base64") from None
    limit = hub.settings.regular_limit
    if len(content) > limit:
        raise bad_request(f"{path}: files above {limit} bytes must be in large file storage")
    if path == "README.md":
        errors, _ = card.judge(content.decode(errors="replace"))
        if errors:
            raise bad_request("Invalid metadata in README.md: " + "; ".join(errors))
    return regular(content, hub.objects.add(content))


def _large(hub: Hub, path: str, value: Object) -> Blob:
    if text(value, "algo", "sha256") != "sha256":
        raise bad_request('"algo" must be sha256')
    oid = sha256(value, "oid")
    xet_hash = hub.xet.publish(oid)
    if not hub.objects.holds(oid):
        raise bad_request(f"{path}: the large file storage has no object {oid}")
    held = hub.objects.size(oid)
    # A copy inside the Hub names the object without its size.
    if size(value, "size", held) != held:
        raise bad_request(f"{path}: the object {oid} has {held} bytes")
    return large(oid, held, xet_hash)


def _with_attributes(hub: Hub, repo: Repo, ref: str, edits: list[Edit]) -> list[Edit]:
    """Add `.gitattributes` lines for large files no pattern covers, as the Hub does."""
    tree = repo.find(ref).tree
    puts = [edit for edit in edits if isinstance(edit, Put)]
    if any(edit.path == ATTRIBUTES for edit in edits):
        return edits
    before = hub.objects.read(tree[ATTRIBUTES].sha256) if ATTRIBUTES in tree else b""
    after = before
    for put in puts:
        if put.blob.lfs and not tracked(put.path, after):
            after += attribute_line(put.path)
    if after == before:
        return edits
    return [*edits, Put(ATTRIBUTES, regular(after, hub.objects.add(after)))]
