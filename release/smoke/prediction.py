"""What `release fit` predicts of a start of vLLM, beside what that start measured.

Each figure has a range on both sides: what the prediction leaves open, and what the two decimals
of a log leave open. They agree where the ranges meet.
"""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from release.architecture import Architecture, ModelConfig, complete
from release.errors import ReleaseError
from release.facts.modules import Modules
from release.fit.solve import Question, solve
from release.fit.subject import NotEstimated, Subject
from release.memory.command import parse_command
from release.memory.defaults import Settled, settle
from release.memory.gpus import Gpu
from release.memory.logs import EngineLog, available_range
from release.memory.model import context_limit
from release.memory.options import Options
from release.memory.pool import Pool, plan_pool
from release.memory.versions import NEWEST, parse_version
from release.quantization.config import QuantizationConfig
from release.smoke.evidence import Run
from release.smoke.serve import Served
from release.units import GIB
from release.unknown import Unknown

ENGINE, SERVE = "the smoke test", "the card's command"
CPU_BLOCK = 128  # tokens; vLLM 0.32 platforms/cpu.py
KERNEL_BLOCKS = (None, 32, 64, 128, 256)  # None: what fit assumes without --block-size
ROUNDING = 0.005

Range = tuple[float, float]


class Figure(msgspec.Struct, frozen=True):
    """One figure, predicted and measured, each from its least to its most, in `unit`."""

    name: str
    unit: str
    predicted: Range
    measured: Range

    @property
    def agrees(self) -> bool:
        """Whether the two ranges meet."""
        return self.predicted[0] <= self.measured[1] and self.measured[0] <= self.predicted[1]


class Prediction(msgspec.Struct, frozen=True):
    """The figures of one start, of `ENGINE` or of `SERVE`; `unknown` is why there are none.

    `newer`: this vLLM is newer than the one that the memory model is held to.
    """

    start: str
    figures: tuple[Figure, ...] = ()
    unknown: str | None = None
    newer: bool = False


class Start(msgspec.Struct, frozen=True):
    """A start of vLLM: by which words, on what (`total` bytes), and what log and cache say."""

    name: str
    words: tuple[str, ...]
    version: str
    device: dict[str, Any]
    total: int | None
    log: EngineLog
    cache: dict[str, Any]

    @property
    def gpu(self) -> Gpu | None:
        """The GPU as it was met, with the memory that CUDA reported."""
        capability = self.device.get("capability")
        if not capability or self.total is None:
            return None
        dotted = ".".join(map(str, capability))
        return Gpu(str(self.device.get("name")), (self.total / GIB,), "measured", dotted)

    @property
    def blocks(self) -> int | None:
        """Blocks of the cache, where the start got that far."""
        stated = self.cache.get("num_gpu_blocks")
        return int(str(stated)) if str(stated).isdecimal() else self.log.state_blocks

    @property
    def options(self) -> Options:
        """The command's options, with what no prediction is about: how the platform steps.

        A CPU takes blocks of its own, and holds states in what its kernels compute in. Raises
        `ReleaseError`, as `NotEstimated` for what is not modelled.
        """
        command = parse_command(shlex.join(["vllm", "serve", *self.words]))
        if gap := command.gap():
            raise NotEstimated(gap)
        given = command.options
        if given.async_scheduling is None:
            given = replace(given, async_scheduling=self.log.asynchronous)
        if self.device.get("kind") != "cpu":
            return given
        state = given.mamba_ssm_cache_dtype or self.cache.get("mamba_ssm_cache_dtype")
        return replace(given, mamba_ssm_cache_dtype=state, block_size=given.block_size or CPU_BLOCK)


def provide_predictions(
    engine_run: Run,
    served: Served,
    config: ModelConfig,
    architecture: Architecture | Unknown,
    quantization: QuantizationConfig | Unknown,
    modules: Modules | Unknown,
) -> tuple[Prediction, ...]:
    """Predict each start, by the figures that it lived to measure."""
    if not isinstance(architecture, Unknown):
        config = complete(config)
    limit = context_limit(config)
    parts = (limit, architecture, quantization, modules)
    reason = next((part.reason for part in parts if isinstance(part, Unknown)), None)
    if reason is not None:
        return (Prediction(ENGINE, unknown=reason),)
    subject = Subject("", config, architecture, quantization, modules, limit, computed=False)  # type: ignore[arg-type]
    starts = [_engine(engine_run), *([_server(engine_run, served)] if served.argv else [])]
    return tuple(predict(subject, start) for start in starts)


def predict(subject: Subject, start: Start) -> Prediction:
    """Predict the figures that a start lived to measure, or say why that cannot be."""
    if not start.version:
        return Prediction(start.name, unknown="vLLM ended before it said its version")
    try:
        newer = parse_version(start.version) > parse_version(NEWEST)
        return Prediction(start.name, tuple(_figures(subject, start)), newer=newer)
    except NotEstimated as gap:
        return Prediction(start.name, unknown=gap.what.removeprefix("not estimated: "))
    except ReleaseError as gap:
        return Prediction(start.name, unknown=str(gap))


def _engine(run: Run) -> Start:
    outcome, result = run.outcome, run.outcome.result
    names = ("max_model_len", "max_num_seqs", "max_num_batched_tokens")
    settled = {name: value for name in names if (value := getattr(result, name)) is not None}
    words = tuple(_words(result.arguments | settled))
    version = result.versions.get("vllm") or outcome.memory.version or ""
    total = (result.memory or {}).get("total")
    if total is None and outcome.memory.total_gib is not None:
        total = int(outcome.memory.total_gib * GIB)
    return Start(ENGINE, words, version, result.device, total, outcome.memory, result.cache)


def _server(run: Run, served: Served) -> Start:
    engine = _engine(run)
    return replace(
        engine, name=SERVE, words=served.argv, log=served.memory, cache=dict(served.cache)
    )


def _words(arguments: dict[str, Any]) -> list[str]:
    """Spell the engine's arguments as its command line does."""
    words = []
    for name, value in arguments.items():
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        elif value is not None:
            words += [option, value if isinstance(value, str) else json.dumps(value)]
    return words


def _figures(subject: Subject, start: Start) -> Iterator[Figure]:
    options, settled, pool = _plan(subject, start)
    log, blocks = start.log, start.blocks
    available = available_range(log)
    block = start.cache.get("block_size")
    if pool.block and str(block).isdecimal():
        yield _exact("block", "tokens", pool.block, int(block or 0))
    if blocks and available and pool.override is None:
        least, most = map(pool.blocks, available)
        yield Figure("blocks", "blocks", (least, most), (blocks, blocks))
    if blocks and log.tokens is not None and log.length:
        size = blocks * max(pool.bytes_per_block)
        yield _exact("KV cache", "tokens", pool.tokens(size, log.length), log.tokens)
    if available and log.longest is not None:
        longest = [pool.longest(size, subject.limit) for size in available]
        yield Figure("longest request", "tokens", (longest[0], longest[1]), (log.longest,) * 2)
    if log.needed_gib is not None and settled.length:
        held, needed = zip(*pool.stage_needs(settled.length), strict=True)
        sizes = min(held), max(needed)
        yield Figure("one request", "bytes", sizes, _printed(log.needed_gib))
    yield from _memory(subject, start, options, settled)


def _memory(subject: Subject, start: Start, options: Options, settled: Settled) -> Iterator[Figure]:
    """The terms of a GPU's memory: on a CPU vLLM does not measure them."""
    log = start.log
    measured = (0, 0) if log.no_memory else available_range(log)
    if start.gpu is None or (measured is None and log.weights_gib is None):
        return
    fit = solve(subject, Question(options, settled.serving.vllm, start.gpu))
    weights = [term for term in fit.answer.terms if "weights" in term.name]
    if log.weights_gib is not None and weights:
        loaded = sum(term.low for term in weights), sum(term.high for term in weights)
        yield Figure("weights", "bytes", loaded, _printed(log.weights_gib))
    if measured is not None and settled.cache_bytes is None:
        yield Figure("memory for the cache", "bytes", fit.answer.available_range, measured)


def _plan(subject: Subject, start: Start) -> tuple[Options, Settled, Pool]:
    """Plan with the attention kernel's block that leads to the one that was met, if any does."""
    given = start.options
    sizes = KERNEL_BLOCKS if given.block_size is None else (given.block_size,)
    plans = []
    for size in sizes:
        options = replace(given, block_size=size)
        settled = settle(options, start.version, start.gpu, subject.limit, subject.traits)
        pool = plan_pool(subject.config, subject.architecture, settled.serving)
        if isinstance(pool, Unknown):
            raise NotEstimated(pool.reason)
        if str(pool.block) == str(start.cache.get("block_size")):
            return options, settled, pool
        plans.append((options, settled, pool))
    return plans[0]


def _exact(name: str, unit: str, predicted: int, measured: int) -> Figure:
    return Figure(name, unit, (predicted, predicted), (measured, measured))


def _printed(gib: float) -> Range:
    """Bytes that two decimals of GiB may stand for."""
    return (gib - ROUNDING) * GIB, (gib + ROUNDING) * GIB
