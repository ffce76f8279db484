"""What a server is asked over HTTP, by the OpenAI client, and what came back."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from release.smoke.causes import find_cause
from release.smoke.expectations import RANDOM, Kind
from release.smoke.group import Group
from release.smoke.order import IMAGE_MESSAGES
from release.smoke.transcript import without_folders

CLIENT = Path(__file__).with_name("inside") / "talk.py"
CHAT, STREAM, TOOL, IMAGE = "chat", "stream", "tool", "image"
QUESTION = "What is the capital of France? Answer with one word."
TOOL_QUESTION = "What is the weather in Oslo? Use the tool."
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Say the weather at a place.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string", "description": "a town"}},
            "required": ["place"],
        },
    },
}
SHORT = 16


class Exchange(msgspec.Struct, frozen=True):
    """One request over HTTP. `error` is the server's own text, None where it answered.

    `calls` are the tool calls it made, as (name, arguments as JSON).
    """

    name: str
    error: str | None = None
    content: str = ""
    reasoning: str = ""
    finish: str | None = None
    calls: tuple[tuple[str, str], ...] = ()


class Talk(msgspec.Struct, frozen=True):
    """Whom to ask and what: the longest answer in tokens, the time for all of it in seconds."""

    python: Path
    url: str
    key: str
    log: Path
    seconds: float
    tokens: int
    kind: Kind
    tools: bool
    image: bool


class _Answer(msgspec.Struct, frozen=True):
    name: str
    pieces: list[dict[str, Any]]
    error: str | None


def talk(to: Talk, environment: dict[str, str]) -> tuple[Exchange, ...]:
    """Ask with the OpenAI client of vLLM's own Python; where that fails, say why as an exchange."""
    with tempfile.TemporaryDirectory(prefix="release-talk-") as folder:
        result = Path(folder) / "answers.json"
        order = {"url": to.url, "key": to.key, "seconds": to.seconds, "result": str(result)}
        message = msgspec.json.encode(order | {"requests": requests(to)})
        with Group([to.python, CLIENT], to.log, environment, message) as group:
            group.wait(to.seconds)
        if not result.exists():
            text = to.log.read_text(encoding="utf-8", errors="replace")
            return (Exchange(CHAT, find_cause(text).line),)
        answers = msgspec.json.decode(result.read_bytes(), type=list[_Answer])
    return tuple(
        gather(each.name, each.pieces, each.error and without_folders(each.error))
        for each in answers
    )


def requests(to: Talk) -> list[dict[str, Any]]:
    """List what is asked: always a question, whole and in pieces; the rest as it is claimed."""
    asked: list[tuple[str, dict[str, Any]]] = [
        (CHAT, {"messages": [{"role": "user", "content": QUESTION}]}),
        (STREAM, {"messages": [{"role": "user", "content": QUESTION}]}),
    ]
    if to.tools:
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        asked.append((TOOL, {"messages": messages, "tools": [WEATHER]}))
    if to.image:
        asked.append((IMAGE, {"messages": IMAGE_MESSAGES}))
    limits = {"temperature": 0, "max_tokens": SHORT if to.kind == RANDOM else to.tokens}
    return [{"name": n, "body": body | limits, "stream": n == STREAM} for n, body in asked]


def gather(name: str, pieces: list[dict[str, Any]], error: str | None = None) -> Exchange:
    """Put an answer together: one whole message, or its pieces."""
    content, reasoning, finish = "", "", None
    calls: dict[int, list[str]] = {}
    for piece in pieces:
        for choice in _objects(piece.get("choices")):
            message = next(_objects([choice.get("message"), choice.get("delta")]), {})
            content += _text(message.get("content"))
            # `reasoning` since 0.12 or so; older servers call it by the longer name.
            reasoning += _text(message.get("reasoning") or message.get("reasoning_content"))
            finish = _text(choice.get("finish_reason")) or finish
            for place, call in enumerate(_objects(message.get("tool_calls"))):
                index = call.get("index")
                parts = calls.setdefault(index if isinstance(index, int) else place, ["", ""])
                function = next(_objects([call.get("function")]), {})
                parts[0] += _text(function.get("name"))
                parts[1] += _text(function.get("arguments"))
    made = tuple((name, arguments) for name, arguments in calls.values())
    return Exchange(name, error, content, reasoning, finish, made)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Give the objects of a list; a server may answer anything."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def arguments_are_valid(call: tuple[str, str]) -> bool:
    """Whether a tool call names our tool and its arguments are JSON with what it requires."""
    name, arguments = call
    try:
        values = json.loads(arguments)
    except ValueError:
        return False
    return name == "get_weather" and isinstance(values, dict) and "place" in values
