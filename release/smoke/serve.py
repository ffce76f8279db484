"""`vllm serve` with exactly the arguments that the card prints, spoken to and stopped."""

import contextlib
import json
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from release.memory.logs import EngineLog, read_log
from release.smoke.causes import Cause, find_cause
from release.smoke.engine import child_environment, write_plugin
from release.smoke.expectations import RANDOM, Kind
from release.smoke.group import Group
from release.smoke.http import HOST, Client, ServerError

QUESTION = "What is the capital of France? Answer with one word."
TOOL_QUESTION = "What is the weather in Oslo? Use the tool."
TOOL = {
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
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_CACHE = re.compile(r"^vllm:cache_config_info\{(.*)\} ", re.MULTILINE)
LABELS = {
    "block_size",
    "cache_dtype",
    "enable_prefix_caching",
    "gpu_memory_utilization",
    "kv_cache_max_concurrency",
    "kv_cache_size_tokens",
    "mamba_cache_mode",
    "mamba_ssm_cache_dtype",
    "num_gpu_blocks",
}
THINKS = "--reasoning-parser"
CALLS = "--enable-auto-tool-choice"


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


class Served(msgspec.Struct, frozen=True):
    """A server's run; `argv` is what the card prints after `vllm serve`, empty if none was asked.

    `cache` are the labels of vLLM's own `cache_config_info` metric, `memory` is from its log.
    """

    argv: tuple[str, ...] = ()
    cause: Cause | None = None
    seconds: float | None = None
    exchanges: tuple[Exchange, ...] = ()
    cache: dict[str, str] = {}
    memory: EngineLog = EngineLog()

    @property
    def thinks(self) -> bool:
        """Whether the command claims that reasoning is taken out."""
        return any(argument.startswith(THINKS) for argument in self.argv)

    @property
    def calls(self) -> bool:
        """Whether the command claims tool calls."""
        return CALLS in self.argv


class Service(msgspec.Struct, frozen=True):
    """What to serve: the folder, and the command as the card prints it (`argv`)."""

    python: Path
    folder: Path
    argv: tuple[str, ...]
    log: Path
    timeout: float
    tokens: int
    kind: Kind

    def read_log(self) -> str:
        """Give what the server has printed, without the folder's path."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.replace(str(self.folder), self.folder.name)


def serve(service: Service) -> Served:
    """Start the server, wait for its health, talk to it, read its metrics, stop it.

    Only where it listens and where the weights lie differ from the card's command.
    """
    name, *arguments = service.argv
    port = _free_port()
    command: list[str | Path] = [
        *(service.python, "-m", "vllm.entrypoints.cli.main", "serve", service.folder),
        *("--served-model-name", name, "--host", HOST, "--port", str(port)),
        *arguments,
    ]
    client = Client(port)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="release-serve-") as folder:
        environment = child_environment(write_plugin(Path(folder)))
        with Group(command, service.log, environment) as group:
            in_time = group.wait(service.timeout, until=client.healthy)
            seconds = round(time.monotonic() - begun, 2)
            log = service.read_log()
            if not in_time or group.returncode is not None:
                cause = find_cause(log) if in_time else _late(service)
                return Served(service.argv, cause, memory=read_log(log))
            return Served(
                argv=service.argv,
                seconds=seconds,
                exchanges=tuple(_talk(client, service)),
                cache=_cache(client),
                memory=read_log(log),
            )


def _talk(client: Client, service: Service) -> Iterator[Exchange]:
    tokens = SHORT if service.kind == RANDOM else service.tokens
    body = {
        "model": service.argv[0],
        "messages": [{"role": "user", "content": QUESTION}],
        "temperature": 0,
        "max_tokens": tokens,
    }
    yield _exchange("chat", lambda: [client.chat(body)])
    yield _exchange("stream", lambda: client.stream(body))
    if CALLS in service.argv:
        asked = body | {
            "messages": [{"role": "user", "content": TOOL_QUESTION}],
            "tools": [TOOL],
        }
        yield _exchange("tool", lambda: [client.chat(asked)])


def _exchange(name: str, ask: Any) -> Exchange:
    try:
        return gather(name, ask())
    except (ServerError, OSError, ValueError) as error:
        return Exchange(name, error=str(error) or type(error).__name__)


def gather(name: str, pieces: list[dict[str, Any]]) -> Exchange:
    """Put an answer together: one whole message, or its pieces."""
    content, reasoning, finish = "", "", None
    calls: dict[int, list[str]] = {}
    for piece in pieces:
        for choice in piece.get("choices") or ():
            message = choice.get("message") or choice.get("delta") or {}
            content += message.get("content") or ""
            # `reasoning` since 0.12 or so; older servers call it by the longer name.
            reasoning += message.get("reasoning") or message.get("reasoning_content") or ""
            finish = choice.get("finish_reason") or finish
            for place, call in enumerate(message.get("tool_calls") or ()):
                parts = calls.setdefault(call.get("index", place), ["", ""])
                function = call.get("function") or {}
                parts[0] += function.get("name") or ""
                parts[1] += function.get("arguments") or ""
    made = tuple((name, arguments) for name, arguments in calls.values())
    return Exchange(name, None, content, reasoning, finish, made)


def _cache(client: Client) -> dict[str, str]:
    with contextlib.suppress(ServerError, OSError):
        match = _CACHE.search(client.get("/metrics"))
        if match:
            return {name: value for name, value in _LABEL.findall(match[1]) if name in LABELS}
    return {}


def _late(service: Service) -> Cause:
    line = f"the server was not healthy after {service.timeout:.0f} s"
    return Cause("timeout", line, "raise the time limit, or look in the log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def arguments_are_valid(call: tuple[str, str]) -> bool:
    """Whether a tool call names our tool and its arguments are JSON with what it requires."""
    name, arguments = call
    try:
        values = json.loads(arguments)
    except ValueError:
        return False
    return name == "get_weather" and isinstance(values, dict) and "place" in values
