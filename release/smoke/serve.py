"""`vllm serve` with exactly the arguments that the card prints, spoken to and stopped."""

import re
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from release.memory.logs import EngineLog, read_log
from release.smoke.causes import Cause, find_cause
from release.smoke.engine import child_environment, write_plugin
from release.smoke.expectations import Kind
from release.smoke.group import Group
from release.smoke.http import HOST, get_page
from release.smoke.talk import Exchange, Talk, talk
from release.smoke.transcript import Trouble, read_transcript

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
NAME, KEY = "--served-model-name", "--api-key"


class Served(msgspec.Struct, frozen=True):
    """A server's run; `argv` is what the card prints after `vllm serve`, empty if none was asked.

    `gpu` is the GPU that the card prints it for, None where it names none or another was used.
    `cache` are the labels of vLLM's own `cache_config_info` metric, `memory` and `troubles` are
    from its log. `memory_freed`: the GPU's memory was free again afterwards, None if nobody knows.
    """

    argv: tuple[str, ...] = ()
    gpu: str | None = None
    cause: Cause | None = None
    seconds: float | None = None
    exchanges: tuple[Exchange, ...] = ()
    cache: dict[str, str] = {}
    memory: EngineLog = EngineLog()
    troubles: tuple[Trouble, ...] = ()
    memory_freed: bool | None = None

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
    gpu: str | None = None
    image: bool = False

    def command(self, port: int) -> list[str | Path]:
        """Give the command: only where it listens and where the weights lie are ours."""
        name, *arguments = self.argv
        named = [] if NAME in arguments else [NAME, name]
        vllm = (self.python, "-m", "vllm.entrypoints.cli.main", "serve", self.folder)
        # Of an option that comes twice, the last counts.
        return [*vllm, *arguments, *named, "--host", HOST, "--port", str(port)]

    def read_log(self) -> str:
        """Give what the server has printed, without the folder's path."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.replace(str(self.folder), self.folder.name)


def serve(service: Service) -> Served:
    """Start the server, wait for its health, talk to it, read its metrics, stop it."""
    port = _free_port()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="release-serve-") as folder:
        environment = child_environment(write_plugin(Path(folder)))
        with Group(service.command(port), service.log, environment) as group:
            healthy = group.wait(
                service.timeout, until=lambda: get_page(port, "/health") is not None
            )
            seconds = round(time.monotonic() - begun, 2)
            log = service.read_log()
            if not healthy or group.returncode is not None:
                cause = find_cause(log) if healthy else _late(service)
                return Served(service.argv, service.gpu, cause, memory=read_log(log))
            return Served(
                argv=service.argv,
                gpu=service.gpu,
                seconds=seconds,
                exchanges=talk(_talk(service, port), environment),
                cache=read_cache(get_page(port, "/metrics") or ""),
                memory=read_log(log),
                troubles=read_transcript(log).troubles,
            )


def _talk(service: Service, port: int) -> Talk:
    return Talk(
        python=service.python,
        url=f"http://{HOST}:{port}/v1",
        key=_value(service.argv, KEY) or "none",
        log=service.log.with_name(f"{service.log.stem}-client{service.log.suffix}"),
        seconds=service.timeout,
        tokens=service.tokens,
        kind=service.kind,
        tools=CALLS in service.argv,
        image=service.image,
    )


def _value(argv: Sequence[str], option: str) -> str | None:
    """Give the value of an option that is written as two words or as one."""
    for place, word in enumerate(argv):
        if word == option and place + 1 < len(argv):
            return argv[place + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def read_cache(metrics: str) -> dict[str, str]:
    """Give what vLLM's metrics say of its cache, by label; nothing where they do not."""
    match = _CACHE.search(metrics)
    labels = _LABEL.findall(match[1]) if match else []
    return {name: value for name, value in labels if name in LABELS}


def _late(service: Service) -> Cause:
    line = f"the server was not healthy after {service.timeout:.0f} s"
    return Cause("timeout", line, "raise the time limit, or look in the log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
