"""Trusted Publishers: which CI workflow may push to which repository without a stored token."""

import hmac
import json
import secrets
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

LIFETIME = 600
"""Seconds an id token of the CI provider is valid."""


class Publishers:
    """The CI provider (it signs id tokens) and the workflows that are trusted."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._trusted: list[tuple[str, dict[str, str]]] = []
        self._jobs: dict[str, dict[str, str]] = {}

    def trust(self, repo_id: str, claims: Mapping[str, str]) -> None:
        """Let workflows whose id token has exactly these claims push to a repository."""
        with self._lock:
            self._trusted.append((repo_id, dict(claims)))

    def start_job(self, claims: Mapping[str, str]) -> str:
        """Start a CI job with an identity; return its name."""
        with self._lock:
            job = f"job-{len(self._jobs) + 1}"
            self._jobs[job] = dict(claims)
        return job

    def id_token(self, job: str, audience: str) -> str | None:
        """Return a signed id token (JWT) for a job, None if there is no such job."""
        with self._lock:
            claims = self._jobs.get(job)
        if claims is None:
            return None
        content = {**claims, "aud": audience, "exp": int(time.time()) + LIFETIME}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(content)}"
        return f"{signed}.{self._signature(signed)}"

    def accepts(self, token: str, repo_id: str, audience: str) -> bool:
        """Whether an id token is genuine, for this audience, and trusted by a repository."""
        claims = self._claims(token)
        if claims.get("aud") != audience or not _fresh(claims.get("exp")):
            return False
        with self._lock:
            wanted = [trusted for name, trusted in self._trusted if name == repo_id]
        return any(all(claims.get(key) == want[key] for key in want) for want in wanted)

    def _claims(self, token: str) -> dict[str, object]:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            return {}
        content = signed.partition(".")[2]
        claims = json.loads(urlsafe_b64decode(content + "=" * (-len(content) % 4)))
        return dict(claims)

    def _signature(self, signed: str) -> str:
        return _text(hmac.digest(self._key, signed.encode(), sha256))


def _fresh(expires: object) -> bool:
    return isinstance(expires, int) and expires > time.time()


def _encode(value: Mapping[str, object]) -> str:
    return _text(json.dumps(value).encode())


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
