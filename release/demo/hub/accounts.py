"""Who am I."""

from release.demo.hub.access import login_required
from release.demo.hub.hub import Hub
from release.demo.hub.wire import Answer, Request


def whoami(_: Hub, request: Request) -> Answer:
    """Answer the owner of the token."""
    caller = request.caller
    if caller.anonymous:
        raise login_required()
    token: dict[str, object] = {"displayName": caller.name, "role": caller.role}
    if caller.role == "fineGrained":
        scoped = [
            {"entity": {"type": _kind(name, caller.name), "name": name}, "permissions": list(held)}
            for name, held in caller.scopes.items()
        ]
        token["fineGrained"] = {"canReadGatedRepos": False, "global": [], "scoped": scoped}
    return Answer.of_json(
        {
            "type": "user",
            "id": caller.name,
            "name": caller.name,
            "fullname": caller.name,
            "isPro": False,
            "orgs": [{"type": "org", "id": org, "name": org} for org in caller.orgs],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


def _kind(name: str, user: str) -> str:
    if "/" in name:
        return "model"
    return "user" if name == user else "org"
