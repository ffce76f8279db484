"""Repositories as a whole: create, delete, describe, who may write, visibility."""

from http import HTTPStatus

from release.demo.hub import card
from release.demo.hub.access import login_required
from release.demo.hub.fields import Object, as_object, text
from release.demo.hub.hub import Hub, revision_of
from release.demo.hub.repo import Commit, Gated, Repo, Visibility
from release.demo.hub.trees import stamp
from release.demo.hub.wire import Answer, Request, bad_request, conflict, forbidden


def create(hub: Hub, request: Request) -> Answer:
    """Make a repository; 409 with its address if it exists."""
    fields = as_object(request.json())
    repo_id = _named(fields, request)
    if not request.caller.may_create(repo_id):
        raise forbidden(f"You do not have the rights to create {repo_id}")
    address = {"url": f"{hub.endpoint}/{repo_id}", "name": repo_id}
    made = hub.store.create(repo_id, request.caller.name, _visibility(fields) or "public")
    if made is None:
        refusal = conflict("You already created this model repo").answer()
        error = {"error": "You already created this model repo", **address}
        return Answer.of_json(error, status=refusal.status, headers=refusal.headers)
    return Answer.of_json({**address, "id": repo_id})


def _named(fields: Object, request: Request) -> str:
    # A trusted publisher's token is for the contents of one repository, not for its existence.
    if request.caller.anonymous or request.caller.only:
        raise login_required()
    if text(fields, "type", "model") != "model":
        raise bad_request("This server holds models only")
    return f"{text(fields, 'organization', request.caller.name)}/{text(fields, 'name')}"


def _visibility(fields: Object) -> Visibility | None:
    private = fields.get("private")
    if isinstance(private, bool):
        return "private" if private else "public"
    match fields.get("visibility"):
        case None:
            return None
        case "private":
            return "private"
        case "public":
            return "public"
        case _:
            raise bad_request('"visibility" must be one of [public, private]')


def check_read(hub: Hub, request: Request) -> Answer:
    """Answer 200 if the caller may read the files."""
    hub.downloadable(request)
    return Answer.of_json({})


def check_write(hub: Hub, request: Request) -> Answer:
    """Answer 200 if the caller may push."""
    hub.writable(request)
    return Answer.of_json({})


def settings(hub: Hub, request: Request) -> Answer:
    """Change visibility and gating."""
    repo = hub.writable(request)
    if request.caller.only:
        raise forbidden("This token is for the contents of a repository, not for its settings")
    fields = as_object(request.json())
    visibility, gated = _visibility(fields), _gated(fields, repo.gated)
    with repo.lock:
        repo.visibility, repo.gated = visibility or repo.visibility, gated
    return Answer.of_json({"visibility": repo.visibility, "gated": repo.gated})


def _gated(fields: Object, current: Gated) -> Gated:
    match fields.get("gated", current):
        case "auto":
            return "auto"
        case "manual":
            return "manual"
        case False:
            return False
        case _:
            raise bad_request('"gated" must be one of [auto, manual, false]')


def validate_yaml(_: Hub, request: Request) -> Answer:
    """Judge a model card's metadata; 400 if the Hub would refuse it."""
    errors, warnings = card.judge(text(as_object(request.json()), "content"))
    status = HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK
    verdict = {
        "errors": [{"message": message} for message in errors],
        "warnings": [{"message": message} for message in warnings],
    }
    return Answer.of_json(verdict, status=status)


def info(hub: Hub, request: Request) -> Answer:
    """Describe a repository at a revision."""
    repo = hub.readable(request)
    revision = revision_of(request) if "revision" in request.params else "main"
    commit = repo.find(revision)
    facts = _facts(hub, repo, commit)
    facts["siblings"] = _siblings(commit, sizes=request.wants("blobs"))
    if request.wants("securityStatus"):
        facts["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": []}
    wanted = set(request.asked_all("expand")) - {""}
    if wanted:
        facts = {key: facts[key] for key in facts if key in wanted | {"_id", "id"}}
    return Answer.of_json(facts)


def _facts(hub: Hub, repo: Repo, commit: Commit) -> dict[str, object]:
    readme = commit.tree.get("README.md")
    metadata = card.metadata(hub.objects.read(readme.sha256)) if readme else {}
    facts: dict[str, object] = {
        "_id": commit.oid[:24],
        "id": repo.id,
        "modelId": repo.id,
        "author": repo.id.split("/")[0],
        "sha": commit.oid,
        "lastModified": stamp(commit.date),
        "createdAt": stamp(repo.created),
        "private": repo.visibility == "private",
        "gated": repo.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": card.tags(metadata),
        "usedStorage": sum({b.sha256: b.size for b in commit.tree.values()}.values()),
        "cardData": metadata,
        "spaces": [],
    }
    optional = {key: metadata[key] for key in ("pipeline_tag", "library_name") if key in metadata}
    return facts | optional


def _siblings(commit: Commit, *, sizes: bool) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    for path, blob in sorted(commit.tree.items()):
        entry: dict[str, object] = {"rfilename": path}
        if sizes:
            entry |= {"size": blob.size, "blobId": blob.git_sha1}
            if blob.lfs:
                pointer = {"size": blob.size, "sha256": blob.sha256}
                entry["lfs"] = {**pointer, "pointerSize": blob.pointer_size}
        listed.append(entry)
    return listed
