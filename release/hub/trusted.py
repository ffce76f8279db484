"""Trusted publishing: a job's identity at GitHub, exchanged for a token of the Hub's."""

import os
from http import HTTPStatus

from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import _auth, httpx


def identity_url() -> httpx.URL | None:
    """Where GitHub gives a job its identity, None where it gives none."""
    said = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    return httpx.URL(said) if said else None


def is_trusted() -> bool:
    """Whether the token comes from trusted publishing."""
    return bool(os.environ.get("HF_OIDC_RESOURCE"))


def refused_stage(url: httpx.URL) -> tuple[str, str] | None:
    """Say which part of it an address is, and what to do where that is refused; None if none."""
    if url.path.endswith("/oauth/token"):
        hint = "name this workflow as a trusted publisher in the settings of the repository"
        return "trusted publishing is refused", hint
    asked = identity_url()
    if asked and (url.host, url.path) == (asked.host, asked.path):
        return "GitHub gives this job no identity", "give the job `permissions: id-token: write`"
    return None


def renew_token(error: BaseException) -> bool:
    """After a 401, have the next call exchange a new token where trusted publishing gives one.

    The client renews it five minutes early, by a clock that stands still while a machine sleeps.
    """
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if status != HTTPStatus.UNAUTHORIZED or not is_trusted():
        return False
    _auth._OIDC_TOKEN_CACHE = None  # noqa: SLF001 - there is no public way
    return True
