"""Trusted Publishers on the wire: an id token of the CI for an hour's token of the Hub."""

from http import HTTPStatus

from release.demo.hub.access import Caller
from release.demo.hub.fields import as_object, text
from release.demo.hub.hub import Hub
from release.demo.hub.wire import Answer, HubError, Request, bad_request

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name, not a secret
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the same


def exchange(hub: Hub, request: Request) -> Answer:
    """Exchange an id token (RFC 8693); the new token writes to one repository."""
    fields = as_object(request.json())
    if text(fields, "grant_type") != EXCHANGE or text(fields, "subject_token_type") != ID_TOKEN:
        raise bad_request("unsupported_grant_type")
    repo_id = text(fields, "resource")
    token = text(fields, "subject_token")
    if not hub.publishers.accepts(token, repo_id, hub.endpoint):
        raise HubError(HTTPStatus.FORBIDDEN, f"No trusted publisher of {repo_id} matches")
    lifetime = hub.settings.trusted_lifetime
    caller = Caller(name=repo_id.split("/")[0], role="write", only=repo_id)
    return Answer.of_json(
        {
            "access_token": hub.access.issue(caller, prefix="hf_jwt_", lifetime=lifetime),
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "bearer",
            "expires_in": int(lifetime),
        }
    )


def id_token(hub: Hub, request: Request) -> Answer:
    """Stand in for the CI provider: answer the id token of a running job."""
    token = hub.publishers.id_token(request.caller.name, request.asked("audience"))
    if token is None:
        raise HubError(HTTPStatus.UNAUTHORIZED, "There is no such job")
    return Answer.of_json({"value": token})
