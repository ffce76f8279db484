"""Tokens for the xet content store."""

import secrets
import time
from http import HTTPStatus

from release.demo.hub.hub import Hub, commit_of, revision_of
from release.demo.hub.wire import Answer, HubError, Request

LIFETIME = 3600
"""Seconds."""


def write_token(hub: Hub, request: Request) -> Answer:
    """Let the caller upload; the revision is `None` for a pull request still to be opened."""
    repo = hub.writable(request)
    if not hub.settings.xet:
        raise HubError(HTTPStatus.NOT_FOUND, "There is nothing at this address")
    if not request.wants("create_pr") and revision_of(request) != "None":
        commit_of(repo, request)
    return _token(hub)


def read_token(hub: Hub, request: Request) -> Answer:
    """Let the caller download."""
    commit_of(hub.downloadable(request), request)
    return _token(hub)


def _token(hub: Hub) -> Answer:
    address, token = hub.xet.lend(), f"xet_{secrets.token_hex(16)}"
    expires = int(time.time()) + LIFETIME
    # Uploads read the body, downloads the headers.
    return Answer.of_json(
        {"accessToken": token, "exp": expires, "casUrl": address},
        headers={
            "X-Xet-Cas-Url": address,
            "X-Xet-Access-Token": token,
            "X-Xet-Token-Expiration": str(expires),
        },
    )
