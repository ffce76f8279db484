"""The smoke facts: a run's outcome as rules and the card need it."""

import re
from pathlib import Path

import msgspec
from msgspec.structs import replace

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.facts.tokenizer import Tokenizer
from release.smoke.account import Conversion, Gap, conversions, gaps, unread
from release.smoke.engine import Likelihood, Outcome, run_engine
from release.smoke.expectations import Expectations, Kind, kind_of
from release.smoke.gpu import Gpu, freed, list_gpus, visible
from release.smoke.order import IMAGE_ASK, Order, likelihood_order, make_order
from release.smoke.serve import Served, Service, serve
from release.smoke.speech import Answer, measure
from release.unknown import Unknown

VISION_WORDS = ("visual.", "vision_", "image_newline", "multi_modal_projector", "mm_projector")
MTP_WORDS = ("mtp.", "nextn.", "eagle", "draft")
NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")


class Engine(msgspec.Struct, frozen=True):
    """Which vLLM to run and how: the options of `release smoke`.

    `serve` is what the card prints after `vllm serve`, to be run too; empty for not. `gpu` is the
    GPU that the card prints it for, where that is the one that is here.
    """

    python: Path
    log: Path
    expectations: Expectations = Expectations()
    base: Path | None = None
    serve: tuple[str, ...] = ()
    gpu: str | None = None


class Plan(msgspec.Struct, frozen=True):
    """What a checkpoint will be told to do, and why."""

    expectations: Expectations
    kind: Kind
    order: Order


class Run(msgspec.Struct, frozen=True):
    """A run with its plan. `memory_freed`: the GPU's memory was free again afterwards."""

    plan: Plan
    outcome: Outcome
    base: tuple[Likelihood, ...] | Unknown
    gpus: tuple[Gpu, ...] | Unknown
    memory_freed: bool | Unknown


class Skipped(msgspec.Struct, frozen=True):
    """Tensors that vLLM's main model does not read, and why: their names with each number as *."""

    why: str
    tensors: int
    names: tuple[str, ...]


class Loading(msgspec.Struct, frozen=True):
    """The account of loading: counts of parameters and tensors, and what was wrong.

    `tracked` is what vLLM's own tracking says, empty where it is content, None without one.
    """

    parameters: int
    tensors: int
    gaps: tuple[Gap, ...]
    conversions: tuple[Conversion, ...]
    unread: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    tracked: str | None = None


def provide_run(
    checkpoint: Checkpoint, engine: Engine, config: ModelConfig, tokenizer: Tokenizer
) -> Run:
    """Load the checkpoint in vLLM and ask it. Minutes; the log stays in a file."""
    plan = make_plan(checkpoint, engine, config, tokenizer)
    before = list_gpus()
    outcome = run_engine(engine.python, plan.order, plan.expectations.timeout, engine.log)
    memory_freed = freed(before)
    base: tuple[Likelihood, ...] | Unknown = Unknown("the checkpoint itself does not run")
    if outcome.cause is None:
        base = _measure_base(engine, plan.expectations, vision=config.vision is not None)
    gpus = before if isinstance(before, Unknown) else visible(before)
    return Run(plan, outcome, base, gpus, memory_freed)


def make_plan(
    checkpoint: Checkpoint, engine: Engine, config: ModelConfig, tokenizer: Tokenizer
) -> Plan:
    """Decide what to ask: as the manifest says, else by the kind of model."""
    expectations = _fitted(engine.expectations, config)
    kind = kind_of(expectations, has_template=bool(tokenizer.templates))
    folder = str(checkpoint.folder.root.resolve())
    vision, compare = config.vision is not None, engine.base is not None
    order = make_order(folder, expectations, kind, vision=vision, compare=compare)
    return Plan(expectations, kind, order)


def provide_served(checkpoint: Checkpoint, engine: Engine, engine_run: Run) -> Served:
    """Run the card's own command, where it was asked for and the engine loads at all."""
    if not engine.serve or engine_run.outcome.cause is not None:
        return Served()
    before = list_gpus()
    served = serve(
        Service(
            python=engine.python,
            folder=checkpoint.folder.root.resolve(),
            argv=engine.serve,
            log=engine.log.with_name(f"{engine.log.stem}-serve{engine.log.suffix}"),
            timeout=engine.expectations.timeout,
            tokens=engine.expectations.tokens,
            kind=engine_run.plan.kind,
            gpu=engine.gpu,
            image=IMAGE_ASK in engine_run.plan.order.expected,
        )
    )
    is_free = freed(before)
    return replace(served, memory_freed=None if isinstance(is_free, Unknown) else is_free)


def provide_loading(engine_run: Run) -> Loading | Unknown:
    """Judge nothing: say what the model's memory was filled with."""
    accounts = engine_run.outcome.accounts
    if not accounts and engine_run.outcome.cause is None:
        return Unknown("vLLM kept no account of what it loaded: smoke.args has a load-format")
    if not accounts:
        return Unknown("vLLM ended before it read the weights")
    if not all(account.loaded for account in accounts):
        return Unknown("vLLM failed while it read the weights")
    left = unread(accounts)
    skipped = {"draft or MTP layer": [name for name in left if _holds(name, MTP_WORDS)]}
    limits = engine_run.plan.order.wanted.get("limit_mm_per_prompt")
    if limits and not any(limits.values()):
        vision = [name for name in left if _holds(name, VISION_WORDS)]
        skipped["vision tower, in text-only mode"] = vision
    explained = {name for names in skipped.values() for name in names}
    read = {name for a in accounts for p in a.parameters.values() for name in p.sources}
    return Loading(
        parameters=sum(len(account.parameters) for account in accounts),
        tensors=len(read),
        gaps=gaps(accounts),
        conversions=conversions(accounts),
        unread=tuple(name for name in left if name not in explained),
        skipped=tuple(_skipped(why, names) for why, names in skipped.items() if names),
        tracked=next((each.tracked for each in accounts if each.tracked is not None), None),
    )


def provide_answers(engine_run: Run, loading: Loading | Unknown) -> tuple[Answer, ...] | Unknown:
    """Measure what it said; nothing can be said of answers out of memory that was never filled."""
    if engine_run.outcome.cause is not None:
        return Unknown(f"vLLM failed: {engine_run.outcome.cause.kind}")
    if isinstance(loading, Loading) and (loading.gaps or loading.conversions):
        return Unknown("parts of the model were not loaded as stored (S102)")
    expected = engine_run.plan.order.expected
    return tuple(
        measure(reply, expected.get(reply.name, ())) for reply in engine_run.outcome.result.answers
    )


def _fitted(expectations: Expectations, config: ModelConfig) -> Expectations:
    """Ask for no more context than the model says it has: vLLM refuses that."""
    limit = config.get("max_position_embeddings")
    if type(limit) is int and 0 < limit < expectations.max_model_len:
        return replace(expectations, max_model_len=limit)
    return expectations


def _measure_base(
    engine: Engine, expectations: Expectations, *, vision: bool
) -> tuple[Likelihood, ...] | Unknown:
    if engine.base is None:
        return Unknown("no base was given")
    folder = str(engine.base.resolve())
    order = likelihood_order(folder, expectations, vision=vision)
    log = engine.log.with_name(f"{engine.log.stem}-base{engine.log.suffix}")
    outcome = run_engine(engine.python, order, expectations.timeout, log)
    if outcome.cause is not None:
        return Unknown(f"the base does not run: {outcome.cause.line}")
    return outcome.result.likelihoods


def _skipped(why: str, names: list[str]) -> Skipped:
    folded = dict.fromkeys(NUMBER.sub("*", name) for name in names)
    return Skipped(why, len(names), tuple(folded))


def _holds(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)
