"""Large files over plain HTTP: the LFS batch call, uploads in one piece or in parts."""

import hashlib
from contextlib import ExitStack
from http import HTTPStatus
from math import ceil
from pathlib import Path

from release.demo.hub.body import PIECE
from release.demo.hub.fields import Object, as_object, decimal, objects, sha256, size, text
from release.demo.hub.hub import Hub
from release.demo.hub.wire import Answer, HubError, Request, bad_request, forbidden

MEDIA_TYPE = {"Content-Type": "application/vnd.git-lfs+json"}


def batch(hub: Hub, request: Request) -> Answer:
    """Answer where to send each object; no actions for those already held."""
    repo = hub.writable(request)
    fields = as_object(request.json())
    if text(fields, "operation") != "upload":
        raise bad_request("Only uploads go through this call; downloads are resolved")
    transfers = fields.get("transfers") or ["basic"]
    parts = isinstance(transfers, list) and "multipart" in transfers
    answers = [_offer(hub, repo.id, item, parts=parts) for item in objects(fields, "objects")]
    answer = {"transfer": "multipart" if parts else "basic", "objects": answers}
    return Answer.of_json(answer, headers=MEDIA_TYPE)


def _offer(hub: Hub, repo_id: str, item: Object, *, parts: bool) -> dict[str, object]:
    oid, bytes_ = sha256(item, "oid"), size(item, "size")
    answer: dict[str, object] = {"oid": oid, "size": bytes_}
    if hub.objects.holds(oid):
        if hub.objects.size(oid) != bytes_:
            answer["error"] = {"code": 422, "message": f"The object {oid} has another size"}
        return answer
    hub.pending[oid] = bytes_
    address = f"{hub.endpoint}/lfs/{oid}"
    upload: dict[str, object] = {"href": address}
    if parts and bytes_ > hub.settings.part_size:
        count = ceil(bytes_ / hub.settings.part_size)
        header = {str(number): f"{address}/{number}" for number in range(1, count + 1)}
        header["chunk_size"] = str(hub.settings.part_size)
        upload = {"href": f"{address}/complete", "header": header}
    verify = {"href": f"{hub.endpoint}/{repo_id}.git/info/lfs/objects/verify"}
    return {**answer, "actions": {"upload": upload, "verify": verify}}


def verify(hub: Hub, request: Request) -> Answer:
    """Confirm that an object has arrived whole."""
    hub.writable(request)
    fields = as_object(request.json())
    oid, bytes_ = sha256(fields, "oid"), size(fields, "size")
    if not hub.objects.holds(oid) or hub.objects.size(oid) != bytes_:
        raise HubError(HTTPStatus.NOT_FOUND, f"The object {oid} has not been uploaded")
    return Answer.of_json({}, headers=MEDIA_TYPE)


def receive(hub: Hub, request: Request) -> Answer:
    """Take an object in one piece; refused unless its sha256 is its name."""
    oid = _announced(hub, request)
    scratch = hub.objects.scratch()
    try:
        digest = request.body.save(scratch)
        _keep(hub, scratch, oid, digest.sha256, digest.size)
    finally:
        scratch.unlink(missing_ok=True)
    return Answer(headers={"ETag": f'"{digest.md5}"'})


def receive_part(hub: Hub, request: Request) -> Answer:
    """Take one part of an object; a part sent again replaces the first."""
    oid = _announced(hub, request)
    number = decimal(request.params["number"], "part")
    if not 1 <= number <= ceil(hub.pending[oid] / hub.settings.part_size):
        raise bad_request(f"The object {oid} has no part {number}")
    scratch = hub.objects.scratch()
    try:
        digest = request.body.save(scratch)
        scratch.replace(_part(hub, oid, number))
    finally:
        scratch.unlink(missing_ok=True)
    hub.parts[oid, number] = digest.md5
    return Answer(headers={"ETag": f'"{digest.md5}"'})


def complete(hub: Hub, request: Request) -> Answer:
    """Join the parts; refused unless all are there and the whole has the right sha256."""
    oid = _announced(hub, request)
    fields = as_object(request.json())
    with hub.joining:
        if not hub.objects.holds(oid):  # the same content may come as two files at once
            _complete(hub, oid, fields)
    return Answer.of_json({}, headers=MEDIA_TYPE)


def _complete(hub: Hub, oid: str, fields: Object) -> None:
    listed = [(size(p, "partNumber"), text(p, "etag")) for p in objects(fields, "parts")]
    count = ceil(hub.pending[oid] / hub.settings.part_size)
    if [number for number, _ in listed] != list(range(1, count + 1)):
        raise bad_request(f"The object {oid} has {count} parts")
    for number, etag in listed:
        if hub.parts.get((oid, number)) != etag.strip('"'):
            raise bad_request(f"Part {number} of {oid} is not what was received")
    parts = [_part(hub, oid, number) for number, _ in listed]
    scratch = hub.objects.scratch()
    try:
        digest, bytes_ = _join(parts, scratch)
        _keep(hub, scratch, oid, digest, bytes_)
    finally:
        scratch.unlink(missing_ok=True)
    for number, part in enumerate(parts, 1):
        part.unlink(missing_ok=True)
        hub.parts.pop((oid, number), None)


def _announced(hub: Hub, request: Request) -> str:
    # The address is the permission, as with the signed ones of the Hub: it carries no token.
    oid = request.params["oid"]
    if oid not in hub.pending:
        raise forbidden(f"No upload of {oid} was announced")
    return oid


def _part(hub: Hub, oid: str, number: int) -> Path:
    return hub.objects.scratch_for(f"{oid}.{number}")


def _join(parts: list[Path], target: Path) -> tuple[str, int]:
    digest, total = hashlib.sha256(), 0
    with ExitStack() as files:
        joined = files.enter_context(target.open("xb"))
        for part in parts:
            source = files.enter_context(part.open("rb"))
            while piece := source.read(PIECE):
                digest.update(piece)
                total += joined.write(piece)
    return digest.hexdigest(), total


def _keep(hub: Hub, scratch: Path, oid: str, digest: str, bytes_: int) -> None:
    if digest != oid or bytes_ != hub.pending[oid]:
        raise bad_request(f"What was received as {oid} has {bytes_} bytes and sha256 {digest}")
    hub.objects.adopt(scratch, oid)
