"""The smoke facts: a run's outcome as rules and the card need it."""

from pathlib import Path
from typing import Any

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.facts.tokenizer import Tokenizer
from release.smoke.account import Conversion, Gap, conversions, gaps, unread
from release.smoke.causes import Cause
from release.smoke.engine import Likelihood, Outcome, run_engine
from release.smoke.expectations import RANDOM, Expectations, Kind, kind_of
from release.smoke.gpu import Gpu, freed, list_gpus, visible
from release.smoke.order import Order, likelihood_order, make_order
from release.smoke.serve import Served, Service, serve
from release.smoke.speech import Answer, measure, same_beginning
from release.smoke.transcript import Trouble
from release.unknown import Unknown

VISION_WORDS = ("visual.", "vision_", "image_newline", "multi_modal_projector", "mm_projector")
MTP_WORDS = ("mtp.", "nextn.", "eagle", "draft")
ENOUGH = 8


class Engine(msgspec.Struct, frozen=True):
    """Which vLLM to run and how: the options of `release smoke`.

    `serve` is what the card prints after `vllm serve`, to be run too; empty for not.
    """

    python: Path
    log: Path
    expectations: Expectations = Expectations()
    base: Path | None = None
    serve: tuple[str, ...] = ()


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


class Loading(msgspec.Struct, frozen=True):
    """The account of loading: counts of parameters and tensors, and what was wrong.

    `skipped` are tensors that vLLM's main model does not read, by why: another tower, MTP.
    """

    parameters: int
    tensors: int
    gaps: tuple[Gap, ...]
    conversions: tuple[Conversion, ...]
    unread: tuple[str, ...]
    skipped: dict[str, int]


class Smoke(msgspec.Struct, frozen=True):
    """The evidence, as report.json holds it. Times in seconds, memory in bytes."""

    started: bool
    cause: Cause | None
    kind: str
    versions: dict[str, str]
    device: dict[str, Any]
    driver: str | None
    arguments: dict[str, Any]
    settled: dict[str, Any]
    seconds: dict[str, float]
    kernels: dict[str, str]
    attention: str | None
    gdn: str | None
    fallbacks: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    loading: Loading | None
    answers: tuple[Answer, ...]
    alone_differs: tuple[str, ...]
    perplexity: float | None
    base_perplexity: float | None
    memory_freed: bool | None
    served: Served


def provide_run(
    checkpoint: Checkpoint, engine: Engine, config: ModelConfig, tokenizer: Tokenizer
) -> Run:
    """Load the checkpoint in vLLM and ask it. Minutes; the log stays in a file."""
    plan = make_plan(checkpoint, engine, config, tokenizer)
    before = list_gpus()
    outcome = run_engine(engine.python, plan.order, plan.expectations.timeout, engine.log)
    memory_freed = freed(before)
    base = _measure_base(engine, plan.expectations, vision=config.vision is not None)
    gpus = before if isinstance(before, Unknown) else visible(before)
    return Run(plan, outcome, base, gpus, memory_freed)


def make_plan(
    checkpoint: Checkpoint, engine: Engine, config: ModelConfig, tokenizer: Tokenizer
) -> Plan:
    """Decide what to ask: as the manifest says, else by the kind of model."""
    expectations = _fitted(engine.expectations, config)
    kind = kind_of(expectations, has_template=bool(tokenizer.templates))
    folder = str(checkpoint.source.root.resolve())
    vision, compare = config.vision is not None, engine.base is not None
    order = make_order(folder, expectations, kind, vision=vision, compare=compare)
    return Plan(expectations, kind, order)


def provide_served(checkpoint: Checkpoint, engine: Engine, engine_run: Run) -> Served:
    """Run the card's own command, where it was asked for and the engine loads at all."""
    if not engine.serve or engine_run.outcome.cause is not None:
        return Served()
    return serve(
        Service(
            python=engine.python,
            folder=checkpoint.source.root.resolve(),
            argv=engine.serve,
            log=engine.log.with_name(f"{engine.log.stem}-serve{engine.log.suffix}"),
            timeout=engine.expectations.timeout,
            tokens=engine.expectations.tokens,
            kind=engine_run.plan.kind,
        )
    )


def provide_loading(engine_run: Run) -> Loading | Unknown:
    """Judge nothing: say what the model's memory was filled with."""
    accounts = engine_run.outcome.accounts
    if not accounts:
        return Unknown("vLLM ended before it read the weights")
    if not all(account.loaded for account in accounts):
        return Unknown("vLLM failed while it read the weights")
    left = unread(accounts)
    skipped = {
        "vision tower, in text-only mode": [n for n in left if _holds(n, VISION_WORDS)],
        "draft or MTP layer": [n for n in left if _holds(n, MTP_WORDS)],
    }
    explained = {name for names in skipped.values() for name in names}
    read = {name for a in accounts for p in a.parameters.values() for name in p.sources}
    return Loading(
        parameters=sum(len(account.parameters) for account in accounts),
        tensors=len(read),
        gaps=gaps(accounts),
        conversions=conversions(accounts),
        unread=tuple(name for name in left if name not in explained),
        skipped={why: len(names) for why, names in skipped.items() if names},
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


def provide_smoke(
    engine_run: Run,
    loading: Loading | Unknown,
    answers: tuple[Answer, ...] | Unknown,
    served: Served,
) -> Smoke:
    """Collect the evidence."""
    outcome = engine_run.outcome
    result, transcript = outcome.result, outcome.transcript
    names = ("max_model_len", "max_num_seqs", "max_num_batched_tokens", "graphs")
    freed_memory = engine_run.memory_freed
    return Smoke(
        started="started" in result.seconds,
        cause=outcome.cause,
        kind=engine_run.plan.kind,
        versions=result.versions | {"python": result.python},
        device=result.device,
        driver=_driver(engine_run.gpus),
        arguments={name: v for name, v in result.arguments.items() if name != "model"},
        settled=result.cache | {name: getattr(result, name) for name in names},
        seconds=result.seconds | {"whole": outcome.seconds},
        kernels=transcript.kernels,
        attention=transcript.attention,
        gdn=transcript.gdn,
        fallbacks=transcript.fallbacks,
        troubles=transcript.troubles,
        loading=loading if isinstance(loading, Loading) else None,
        answers=answers if isinstance(answers, tuple) else (),
        alone_differs=_differing(outcome),
        perplexity=_perplexity(result.likelihoods),
        base_perplexity=_perplexity(engine_run.base),
        memory_freed=None if isinstance(freed_memory, Unknown) else freed_memory,
        served=served,
    )


def unjudged(smoke: Smoke, run: Run) -> dict[str, str]:
    """Say what was left out because nothing was claimed or the model can't do it, and why."""
    left: dict[str, str] = {}
    if smoke.kind == RANDOM:
        reason = 'the manifest says that its weights are random (smoke.kind = "random")'
        left |= dict.fromkeys(("known answers", "form of the answers", "perplexity"), reason)
    elif isinstance(run.base, Unknown):
        left["perplexity against the base"] = run.base.reason
    if isinstance(run.memory_freed, Unknown):
        left["GPU memory free again after the run"] = run.memory_freed.reason
    if not smoke.served.argv:
        left["the card's command over HTTP"] = (
            "the engine failed before" if smoke.cause else "it was not asked for (--serve)"
        )
    if "image" not in run.plan.order.expected and run.plan.order.wanted.get("limit_mm_per_prompt"):
        left["an image"] = "the manifest does not claim images (smoke.image)"
    return left


def _fitted(expectations: Expectations, config: ModelConfig) -> Expectations:
    """Ask for no more context than the model says it has: vLLM refuses that."""
    limit = config.get("max_position_embeddings")
    if type(limit) is int and 0 < limit < expectations.max_model_len:
        return msgspec.structs.replace(expectations, max_model_len=limit)
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


def _perplexity(likelihoods: tuple[Likelihood, ...] | Unknown) -> float | None:
    """Give exp(-nats per token) over all texts together."""
    import math  # noqa: PLC0415 - nothing else here needs it

    if isinstance(likelihoods, Unknown) or not likelihoods:
        return None
    nats = [each.nats for each in likelihoods]
    tokens = sum(each.tokens for each in likelihoods)
    known = [value for value in nats if value is not None]
    if len(known) < len(nats) or not tokens:
        return None
    return round(math.exp(min(-sum(known) / tokens, 700.0)), 4)


def _differing(outcome: Outcome) -> tuple[str, ...]:
    """Name requests that begin differently alone and among others (8 tokens)."""
    together = {reply.name: reply for reply in outcome.result.answers}
    return tuple(
        reply.name
        for reply in outcome.result.alone
        if reply.name in together
        and same_beginning(reply, together[reply.name]) < min(ENOUGH, len(reply.tokens))
    )


def _driver(gpus: tuple[Gpu, ...] | Unknown) -> str | None:
    return None if isinstance(gpus, Unknown) or not gpus else gpus[0].driver


def _holds(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)
