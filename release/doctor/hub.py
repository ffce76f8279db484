"""The Hub: its address, whose token this is, and what that may do."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from huggingface_hub import HfApi, constants, get_session, get_token
from huggingface_hub.errors import HfHubHTTPError

from release.doctor import Check, Needs, Status
from release.errors import ReleaseError
from release.hub.client import Patience, limit_client
from release.hub.refusals import one_line, status_of

PATIENCE = Patience(connect=5.0, answer=15.0, waits=(0.5,))
HINT = "set HF_TOKEN, or run `hf auth login`"


def check_hub(needs: Needs) -> Iterator[Check]:
    """Ask the Hub who we are; where a repository is named, whether we may write to it."""
    endpoint = constants.ENDPOINT
    status: Status = "problem" if needs.repo else "note"
    if constants.is_offline_mode():
        yield Check("Hub", status, "the client is set to work offline", "unset HF_HUB_OFFLINE")
        return
    limit_client(PATIENCE)
    try:
        with one_line(endpoint):
            token = get_token()
            who = PATIENCE.again(HfApi().whoami if token else _reach)
    except ReleaseError as error:
        yield Check("Hub", "problem", f"{endpoint}: {error.what}", error.hint)
        return
    yield Check("Hub", "ok", endpoint)
    if not token:
        yield Check("token", status, "there is none: public repositories can be read", HINT)
        return
    yield _token(_object(who))
    if needs.repo:
        yield _write(needs.repo)


def _reach() -> None:
    """Ask for anything: whatever the answer is, somebody is there."""
    get_session().get(f"{constants.ENDPOINT}/api/whoami-v2")


def _token(who: dict[str, Any]) -> Check:
    auth = _object(_object(who.get("auth")).get("accessToken"))
    orgs = [str(_object(org).get("name")) for org in _list(who.get("orgs"))]
    owner = f"{who.get('name')}" + (f", in {', '.join(orgs)}" if orgs else "")
    role = auth.get("role")
    if role == "fineGrained":
        return Check("token", "ok", f"of {owner}; fine-grained: {_scopes(auth)}")
    if role == "read":
        hint = "push needs one that may write"
        return Check("token", "note", f"of {owner}; it may only read", hint)
    return Check("token", "ok", f"of {owner}; it may {role or 'do what the Hub does not say'}")


def _scopes(auth: dict[str, Any]) -> str:
    """Name what a fine-grained token may do, and where."""
    fine = _object(auth.get("fineGrained"))
    parts = [str(permission) for permission in _list(fine.get("global"))]
    for scope in map(_object, _list(fine.get("scoped"))):
        permissions = ", ".join(map(str, _list(scope.get("permissions")))) or "nothing"
        parts.append(f"{permissions} in {_object(scope.get('entity')).get('name')}")
    return "; ".join(parts) or "it may do nothing"


def _write(repo: str) -> Check:
    name = "write access"
    try:
        with one_line(repo):
            PATIENCE.again(lambda: HfApi().auth_check(repo, write=True))
    except ReleaseError as error:
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError) and status_of(cause) == HTTPStatus.NOT_FOUND:
            return Check(name, "note", f"{repo} is not there yet, or not for this token to see")
        return Check(name, "problem", f"{repo}: {error.what}", error.hint)
    return Check(name, "ok", repo)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
