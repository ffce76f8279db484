"""How each file is to be sent: as a regular file, by large file storage, or not at all."""

import codecs
from base64 import b64decode

from release.demo.hub.fields import Object, as_object, objects, size, text
from release.demo.hub.hub import Hub, commit_of
from release.demo.hub.tree import ATTRIBUTES, Tree, ignored, tracked
from release.demo.hub.wire import Answer, Request, bad_request

FILES_AT_ONCE = 256
"""Files the Hub takes in one call."""


def modes(hub: Hub, request: Request) -> Answer:
    """Answer mode and current oid of each file."""
    repo = hub.writable(request)
    tree = commit_of(repo, request).tree
    fields = as_object(request.json())
    asked = objects(fields, "files")
    if len(asked) > FILES_AT_ONCE:
        raise bad_request(f'"files" must contain at most {FILES_AT_ONCE} items')
    attributes = _held(hub, tree, ATTRIBUTES)
    rules = text(fields, "gitIgnore", _held(hub, tree, ".gitignore").decode(errors="replace"))
    return Answer.of_json({"files": [_mode(hub, tree, f, attributes, rules) for f in asked]})


def _held(hub: Hub, tree: Tree, path: str) -> bytes:
    return hub.objects.read(tree[path].sha256) if path in tree else b""


def _mode(hub: Hub, tree: Tree, file: Object, attributes: bytes, rules: str) -> dict[str, object]:
    path = text(file, "path")
    large = (
        tracked(path, attributes)
        or size(file, "size") > hub.settings.regular_limit
        or _binary(text(file, "sample", ""))
    )
    answer: dict[str, object] = {
        "path": path,
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": ignored(path, rules),
    }
    if path in tree:
        answer["oid"] = tree[path].identity
    return answer


def _binary(sample: str) -> bool:
    try:
        start = b64decode(sample, validate=True)
    except ValueError:
        raise bad_request('"sample" must be base64') from None
    try:
        # A sample may end inside a character: that alone does not make it binary.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return True
    return b"\0" in start
