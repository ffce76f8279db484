"""What the Hub, the network or the client refuse, each as one line without a token."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from huggingface_hub import get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    OIDCError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import httpx

from release.errors import ReleaseError
from release.hub.proxy import proxy_of
from release.hub.pulse import StalledError
from release.hub.trusted import refused_stage
from release.text import printable, without_tokens

_AGAIN = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_CLOUDFLARE = range(520, 531)
LONGEST = 300
WRITES = "/auth-check/write"
KEPT = "release.kept-token"
"""The extension of a request that went out without the token: to a host that an answer named."""
NOT_UNDERSTOOD = "the client does not understand the Hub's answer"
LOG_IN = "there is no token: set HF_TOKEN, or run `hf auth login`"
LONGEST_WAIT = 300.0
"""Seconds: the Hub counts requests in windows of five minutes."""


class UnusableError(Exception):
    """An answer that must not be read or followed, in words for a person."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


@contextmanager
def one_line(repo: str, hint: str = "", *, doubtful: str = "") -> Iterator[None]:
    """Turn what the client raises into a `ReleaseError`.

    `hint` says where that leaves us, `doubtful` where the call may have been carried out.
    """
    try:
        yield
    except (ReleaseError, KeyboardInterrupt):
        raise
    except Exception as error:
        explained = _explain(error, repo)
        if explained is None:
            raise
        left = doubtful if doubtful and is_doubtful(error) else hint
        more = "; ".join(part for part in (explained.hint, left) if part)
        raise ReleaseError(hide_token(explained.what), where=repo, hint=more) from error


def is_passing(error: BaseException) -> bool:
    """Whether the same call may go well in a moment, or has even been carried out."""
    if isinstance(error, HfHubHTTPError):
        return status_of(error) in _AGAIN or status_of(error) in _CLOUDFLARE
    # An overloaded gateway answers HTML, or what is no text, where the client expects JSON.
    odd = httpx.DecodingError | json.JSONDecodeError | UnicodeDecodeError
    return isinstance(error, httpx.TransportError | odd)


def is_passing_upload(error: BaseException) -> bool:
    """Whether an upload may go well in a moment; the xet library has errors of its own."""
    if is_passing(error) or is_refused_by_store(error):  # the next attempt asks where to
        return True
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return is_passing_upload(error.__cause__)
    ours = isinstance(error, OSError) and error.errno is not None  # of a file on this machine
    return (
        isinstance(error, RuntimeError | OSError)
        and not isinstance(error, httpx.HTTPError)
        and not ours
        and re.search(r"\b4(0[0-79]|1\d|2[0-8])\b", str(error)) is None
    )


def is_passing_or_missing(error: BaseException) -> bool:
    """Whether it may go well in a moment where what is asked for was just made."""
    return is_passing(error) or status_of(error) == HTTPStatus.NOT_FOUND


def is_doubtful(error: BaseException) -> bool:
    """Whether it is no refusal: an answer that nobody understands is as good as none."""
    return is_passing(error) or isinstance(
        error, LookupError | TypeError | StalledError | UnusableError
    )


def is_refused_by_store(error: BaseException) -> bool:
    """Whether an address for an upload was refused, which is made for it and lives for a while."""
    return (
        isinstance(error, HfHubHTTPError)
        and status_of(error) in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        and error.response.request.method in {"PUT", "POST"}
        and "authorization" not in error.response.request.headers
    )


def status_of(error: BaseException) -> int:
    """Give the status of an answer, 0 where there was none."""
    return error.response.status_code if isinstance(error, HfHubHTTPError) else 0


def asked_wait(error: BaseException) -> float:
    """Give the seconds that the Hub asked to wait, at most five minutes; 0 if it did not."""
    return asked_of(error.response) if isinstance(error, HfHubHTTPError) else 0.0


def asked_of(response: httpx.Response) -> float:
    """Give the seconds that an answer asks to wait, at most five minutes; 0 if it does not."""
    reset = re.search(r"\bt=(\d{1,6})", response.headers.get("ratelimit", ""))
    said = reset[1] if reset else response.headers.get("retry-after", "").strip()
    seconds = float(said) if re.fullmatch(r"\d{1,6}", said) else _until(said)
    return max(0.0, min(seconds, LONGEST_WAIT))


def _until(date: str) -> float:
    """Give the seconds until an HTTP date (RFC 9110 section 10.2.3), 0 for anything else."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _has_token() -> bool:
    try:
        return bool(get_token())
    except Exception:  # noqa: BLE001 - one by trusted publishing that is refused is one all the same
        return True


def hide_token(text: str) -> str:
    """Give `text` as one printable line without this machine's token, or anything like one."""
    try:
        token = get_token()
    except Exception:  # noqa: BLE001 - a token that cannot be had cannot be in the text
        token = None
    if token:
        text = text.replace(token, "[token]")
    return printable(" ".join(without_tokens(text).split()))[:LONGEST]


def _explain(error: BaseException, repo: str) -> ReleaseError | None:
    """Say what went wrong, None for what is no refusal but a bug."""
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return _explain(error.__cause__, repo)  # the client's wrapper around one file's upload
    if isinstance(error, HfHubHTTPError):
        return _answered(error, repo)
    if isinstance(error, OfflineModeIsEnabled):
        return ReleaseError("the client is set to work offline", hint="unset HF_HUB_OFFLINE")
    if isinstance(error, ImportError) and "socks" in str(error):
        hint = "install httpx[socks], or set NO_PROXY"
        return ReleaseError("the client cannot use a SOCKS proxy", hint=hint)
    if isinstance(error, StalledError | UnusableError):
        return ReleaseError(str(error), hint=getattr(error, "hint", ""))
    return next(
        (_broken(words, error) for kinds, words in _KINDS if isinstance(error, kinds)), None
    )


_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    ((OIDCError, LocalTokenNotFoundError), "no token by trusted publishing"),
    (httpx.TimeoutException, "the Hub did not answer in time"),
    (httpx.TransportError, "the connection to the Hub broke"),
    (json.JSONDecodeError, "the answer is no JSON, as of a proxy's or a login's web page"),
    (httpx.DecodingError, "the connection to the Hub broke"),
    ((httpx.RequestError, httpx.InvalidURL), "the Hub's answer cannot be followed"),
    ((UnicodeDecodeError, RecursionError), NOT_UNDERSTOOD),
    ((RuntimeError, OSError), "the upload failed"),  # the xet library's, with a status in its text
    (ValueError, "the client refused"),
    ((LookupError, TypeError, AttributeError, ArithmeticError), NOT_UNDERSTOOD),
)


def _broken(words: str, error: BaseException) -> ReleaseError:
    text = str(error)
    hint = _on_the_way(error)
    if isinstance(error, OSError) and re.search(r"\b40[13]\b", text):
        hint = "the token needs write access to the contents of this repository"
    return ReleaseError(f"{words}: {text}" if text else words, hint=hint)


def _on_the_way(error: BaseException) -> str:
    """Say which proxy is to be looked at where nobody was reached."""
    if not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return ""
    proxy = proxy_of(error.request.url)
    return f"by way of the proxy {proxy}: see HTTPS_PROXY, HTTP_PROXY, NO_PROXY" if proxy else ""


_REFUSED: tuple[tuple[type[HfHubHTTPError], str], ...] = (
    (GatedRepoError, "is gated, and this token has no access to it"),
    (RepositoryNotFoundError, "is not there, or this token may not see it"),
    (RevisionNotFoundError, "there is no such branch, tag or commit"),
)


def _answered(error: HfHubHTTPError, repo: str) -> ReleaseError:
    kept = KEPT in error.response.request.extensions
    words = next((words for kind, words in _REFUSED if isinstance(error, kind)), None)
    if words and not kept:
        return ReleaseError(words, hint="" if _has_token() else LOG_IN)
    status = status_of(error)
    said = error.server_message or error.response.reason_phrase
    if (stage := refused_stage(error.response.request.url)) and not is_passing(error):
        what, hint = stage
        return ReleaseError(f"{what}: {said}", hint=hint)
    followed = error.response.history and "x-error-code" not in error.response.headers
    if kept or followed or is_refused_by_store(error):
        hint = (
            f"{error.response.request.url.host} is another host, and gets no token" if kept else ""
        )
        return ReleaseError(f"the host that the Hub names answered {status}: {said}", hint=hint)
    if status == HTTPStatus.UNAUTHORIZED:
        hint = "it may have expired or been revoked: set HF_TOKEN, or run `hf auth login`"
        return ReleaseError("the Hub does not accept the token", hint=hint)
    if status == HTTPStatus.FORBIDDEN:
        request = error.response.request
        reads = request.method in {"GET", "HEAD"} and not request.url.path.endswith(WRITES)
        access = "read" if reads else "write"
        owner = repo.partition("/")[0]
        hint = f"it needs {access} access to the contents of repositories of {owner}"
        return ReleaseError(f"the token may not do this: {said}", hint=hint)
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    what = "the Hub's rate limit is reached" if limited else f"the Hub answered {status}"
    hint = "wait some minutes" if limited else ""
    return ReleaseError(f"{what}: {said}".removesuffix(": "), hint=hint)
