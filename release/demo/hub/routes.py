"""The routing table: method and path to the function that answers."""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from release.demo.hub import (
    accounts,
    commits,
    discussions,
    files,
    lfs,
    models,
    oauth,
    preupload,
    refs,
    trees,
    xet,
)
from release.demo.hub.hub import Hub
from release.demo.hub.wire import Answer, HubError, Request

Route = Callable[[Hub, Request], Answer]

API = "/api/models/{repo}"
LFS = "/{repo}.git/info/lfs/objects"

TABLE: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/api/whoami-v2", accounts.whoami),
    ("POST", "/oauth/token", oauth.exchange),
    ("GET", "/ci/id-token", oauth.id_token),
    ("POST", "/api/repos/create", models.create),
    ("POST", "/api/validate-yaml", models.validate_yaml),
    ("GET", API, models.info),
    ("GET", f"{API}/revision/{{revision}}", models.info),
    ("GET", f"{API}/auth-check", models.check_read),
    ("GET", f"{API}/auth-check/write", models.check_write),
    ("PUT", f"{API}/settings", models.settings),
    ("GET", f"{API}/tree/{{revision}}", trees.listing),
    ("GET", f"{API}/tree/{{revision}}/{{path*}}", trees.listing),
    ("POST", f"{API}/paths-info/{{revision}}", trees.paths),
    ("GET", f"{API}/commits/{{revision}}", trees.commits),
    ("GET", f"{API}/refs", refs.listing),
    ("POST", f"{API}/branch/{{branch}}", refs.create_branch),
    ("POST", f"{API}/tag/{{revision}}", refs.create_tag),
    ("POST", f"{API}/preupload/{{revision}}", preupload.modes),
    ("POST", f"{API}/commit/{{revision}}", commits.commit),
    ("GET", f"{API}/xet-write-token/{{revision}}", xet.write_token),
    ("GET", f"{API}/xet-read-token/{{revision}}", xet.read_token),
    ("GET", f"{API}/discussions", discussions.listing),
    ("POST", f"{API}/discussions", discussions.create),
    ("GET", f"{API}/discussions/{{number}}", discussions.details),
    ("POST", f"{API}/discussions/{{number}}/status", discussions.set_status),
    ("POST", f"{API}/discussions/{{number}}/merge", discussions.merge),
    ("POST", f"{LFS}/batch", lfs.batch),
    ("POST", f"{LFS}/verify", lfs.verify),
    ("PUT", "/lfs/{oid}", lfs.receive),
    ("PUT", "/lfs/{oid}/{number}", lfs.receive_part),
    ("POST", "/lfs/{oid}/complete", lfs.complete),
    ("GET", "/{repo}/resolve/{revision}/{path*}", files.resolve),
    ("HEAD", "/{repo}/resolve/{revision}/{path*}", files.resolve),
)


def _compiled(template: str) -> re.Pattern[str]:
    parts = {
        "{repo}": r"(?P<repo>[^/]+/[^/]+?)",
        "{path*}": r"(?P<path>.+)",
    }
    pattern = ""
    for piece in re.split(r"(\{[a-z]+\*?\})", template):
        if piece.startswith("{"):
            pattern += parts.get(piece, f"(?P<{piece[1:-1]}>[^/]+)")
        else:
            pattern += re.escape(piece)
    return re.compile(pattern)


_ROUTES = tuple((method, _compiled(template), route) for method, template, route in TABLE)


def dispatch(hub: Hub, request: Request) -> Answer:
    """Answer a request. Raises HubError for refusals, 404 and 405 included."""
    allowed = []
    for method, pattern, route in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match is None:
            continue
        if method == request.method:
            params = {name: unquote(value) for name, value in match.groupdict().items()}
            return route(hub, request.with_params(params))
        allowed.append(method)
    if allowed:
        headers = {"Allow": ", ".join(allowed)}
        raise HubError(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", headers=headers)
    raise HubError(HTTPStatus.NOT_FOUND, "There is nothing at this address")
