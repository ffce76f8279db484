"""Downloads: the bytes of one file, all or a range, and where else to get them."""

import re
from http import HTTPStatus
from urllib.parse import quote

from release.demo.hub.hub import Hub, commit_of
from release.demo.hub.tree import Blob
from release.demo.hub.wire import Answer, HubError, Request, Span, no_entry

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def resolve(hub: Hub, request: Request) -> Answer:
    """Answer a file at a revision, for GET and HEAD."""
    repo = hub.downloadable(request)
    commit = commit_of(repo, request)
    path = request.params["path"]
    blob = commit.tree.get(path)
    if blob is None:
        missing = no_entry(path)
        missing.headers["X-Repo-Commit"] = commit.oid
        raise missing
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.split('/')[-1])}",
        "Accept-Ranges": "bytes",
        "X-Repo-Commit": commit.oid,
        "ETag": f'"{blob.identity}"',
    }
    if blob.lfs:
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-Etag": f'"{blob.sha256}"'}
    if blob.xet_hash:
        refresh = f"{hub.endpoint}/api/models/{repo.id}/xet-read-token/{commit.oid}"
        headers |= {"X-Xet-Hash": blob.xet_hash, "Link": f'<{refresh}>; rel="xet-auth"'}
    return _sent(hub, blob, headers, request.headers.get("Range", ""))


def _sent(hub: Hub, blob: Blob, headers: dict[str, str], asked: str) -> Answer:
    path = hub.objects.path(blob.sha256)
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        # No range, or one of another kind, which a server may overlook.
        return Answer(HTTPStatus.OK, headers, Span(path, 0, blob.size))
    first, last = _bounds(match[1], match[2], blob.size)
    if first > last:
        raise HubError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The file has {blob.size} bytes",
            headers={"Content-Range": f"bytes */{blob.size}"},
        )
    headers["Content-Range"] = f"bytes {first}-{last}/{blob.size}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, headers, Span(path, first, last - first + 1))


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return first and last byte; first is past last if nothing can be sent."""
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return size, size - 1
    return int(first), min(int(last or size), size - 1)
