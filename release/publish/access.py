"""What the token in use may do, told from what the Hub says of it, in words that help."""

import os
from collections.abc import Iterator
from typing import Any

from huggingface_hub import get_token

from release.errors import ReleaseError
from release.hub.client import Patience
from release.hub.refusals import one_line
from release.hub.trusted import is_trusted

WRITE = "repo.write"


def require_trusted(repo: str) -> None:
    """Raise `ReleaseError` where trusted publishing is set up for another repository."""
    resource = os.environ.get("HF_OIDC_RESOURCE", "")
    if resource and resource != repo:
        hint = "a token by trusted publishing is for one repository"
        raise ReleaseError(f"HF_OIDC_RESOURCE is {resource!r}", where=repo, hint=hint)


def require_token(repo: str, patience: Patience) -> None:
    """Raise `ReleaseError` where the client finds no token."""
    with one_line(repo):
        if patience.again(get_token):
            return
    if is_trusted():
        raise ReleaseError("trusted publishing gave an empty token", where=repo)
    hint = "set HF_TOKEN, or run `hf auth login`"
    raise ReleaseError("there is no token for the Hub", hint=hint)


def require_creation(repo: str, who: dict[str, Any]) -> None:
    """Raise `ReleaseError` unless the token may make a repository; `who` is whoami's answer."""
    owner = repo.partition("/")[0]
    names = {who.get("name"), *(_text(org, "name") for org in _list(who.get("orgs")))}
    if owner not in names:
        hint = f"does the repository exist, and is the token one of {owner}?"
        what = f"the token's owner {who.get('name')!r} is not {owner!r}, nor in it"
        raise ReleaseError(what, where=repo, hint=hint)
    role = _token(who).get("role")
    if role == "read":
        raise ReleaseError("the token may only read", where=repo, hint="make one with write access")
    if role == "fineGrained" and WRITE not in _granted(who, owner):
        raise ReleaseError(
            "the fine-grained token may not make it", where=repo, hint=scopes(who, repo)
        )


def scopes(who: dict[str, Any], repo: str) -> str:
    """Say what a token lacks to write to a repository; empty if nothing is known to be lacking."""
    token, owner = _token(who), repo.partition("/")[0]
    if token.get("role") == "read":
        return "the token may only read: make one with write access"
    if token.get("role") != "fineGrained":
        return ""
    granted = {name: _granted(who, name) for name in (owner, repo)}
    if any(WRITE in permissions for permissions in granted.values()):
        return ""
    held = [f"{'/'.join(sorted(p))} on {name}" for name, p in granted.items() if p]
    has = f"it has {' and '.join(held)}" if held else "it has nothing there"
    return (
        f"the fine-grained token needs {WRITE} on {owner} or {repo}, {has}:"
        " allow 'write access to contents' in its settings"
    )


def _granted(who: dict[str, Any], entity: str) -> set[str]:
    return {
        str(permission)
        for name, permissions in _scoped(who)
        if name == entity
        for permission in permissions
    }


def _scoped(who: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for scope in _list(_dict(_token(who).get("fineGrained")).get("scoped")):
        yield _text(_dict(scope).get("entity"), "name"), _list(_dict(scope).get("permissions"))


def _token(who: dict[str, Any]) -> dict[str, Any]:
    return _dict(_dict(who.get("auth")).get("accessToken"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, key: str) -> str:
    found = _dict(value).get(key)
    return found if isinstance(found, str) else ""
