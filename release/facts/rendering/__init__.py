"""What the chat templates print: rendered in a child process that has little time and memory."""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from release.facts.rendering.conversations import CONVERSATIONS, MOMENT
from release.facts.tokenizer import Tokenizer

CHILD = Path(__file__).with_name("child.py")
SECONDS = 60.0  # of a busy machine; the child has its own limit of processor time
STOPPED = "was stopped: it needs more time or memory than any template should"


class Turn(msgspec.Struct, frozen=True):
    """One conversation as a template printed it.

    `text` is None where it failed; then `error` says how, and `refused` that the template itself
    said no (`raise_exception`), which is its right.
    """

    text: str | None = None
    error: str = ""
    refused: bool = False


class Rendering(msgspec.Struct, frozen=True):
    """One template's outcome: why it does not parse, else every conversation by name."""

    syntax: str | None
    turns: dict[str, Turn]


Renderings = dict[str, Rendering]


def provide_renderings(tokenizer: Tokenizer) -> Renderings:
    """Render every template the checkpoint holds, by the file it is in."""
    special = special_tokens(tokenizer)
    return {
        file: render_template(template, special) for file, template in tokenizer.templates.items()
    }


def special_tokens(tokenizer: Tokenizer) -> dict[str, str | None]:
    """The texts that templates know by a name: bos_token, eos_token..."""
    return {
        key: _content(value) for key, value in tokenizer.settings.items() if key.endswith("_token")
    }


def render_template(template: str, special: dict[str, str | None]) -> Rendering:
    """Parse and render a template as transformers does, in a child; its death is an outcome too."""
    order = {
        "template": template,
        "special": special,
        "conversations": CONVERSATIONS,
        "moment": MOMENT,
    }
    try:
        return _ask_child(msgspec.json.encode(order))
    except (subprocess.TimeoutExpired, msgspec.DecodeError, UnicodeEncodeError):
        return Rendering(None, dict.fromkeys(CONVERSATIONS, Turn(error=STOPPED)))


@lru_cache(maxsize=16)
def _ask_child(order: bytes) -> Rendering:
    """Start a child for an order; a base and its checkpoint mostly share one."""
    child = subprocess.run(  # noqa: S603 - our own file; the template is data on stdin
        [sys.executable, "-I", CHILD],
        input=order,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return msgspec.json.decode(child.stdout, type=Rendering)


def _content(token: Any) -> str | None:
    """Give a special token's text; older files write it as an object."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None
