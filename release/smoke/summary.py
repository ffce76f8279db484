"""The smoke test in one fact: the evidence, as report.json holds it and the card tells it."""

from collections import Counter
from typing import Any

import msgspec

from release.smoke.causes import Cause
from release.smoke.engine import Likelihood, Outcome
from release.smoke.evidence import Loading, Run
from release.smoke.gpu import Gpu
from release.smoke.layers import Layer
from release.smoke.prediction import Prediction
from release.smoke.serve import Served
from release.smoke.speech import Answer, same_beginning
from release.smoke.transcript import Trouble
from release.unknown import Unknown

ENOUGH = 8
# What a log says of memory -> what the report calls it.
MEASURED = {
    "load_seconds": "weights_load_seconds",
    "weights_gib": "weights_gib",
    "available_gib": "available_for_cache_gib",
    "graphs_gib": "cuda_graphs_gib",
    "tokens": "kv_cache_tokens",
    "concurrency": "max_concurrency",
}


class Kernel(msgspec.Struct, frozen=True):
    """What serves one declared scheme: the kernel, and in how many of vLLM's layers."""

    scheme: str
    kernel: str
    layers: int


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
    measured: dict[str, float]
    seconds: dict[str, float]
    kernels: dict[str, str]
    serving: tuple[Kernel, ...]
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
    predictions: tuple[Prediction, ...]


def provide_smoke(
    engine_run: Run,
    loading: Loading | Unknown,
    answers: tuple[Answer, ...] | Unknown,
    served: Served,
    layers: tuple[Layer, ...] | Unknown,
    predictions: tuple[Prediction, ...],
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
        measured={
            name: value
            for field, name in MEASURED.items()
            if (value := getattr(outcome.memory, field)) is not None
        },
        seconds=result.seconds | {"whole": outcome.seconds},
        kernels=transcript.kernels,
        serving=_serving(() if isinstance(layers, Unknown) else layers),
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
        predictions=predictions,
    )


def _serving(layers: tuple[Layer, ...]) -> tuple[Kernel, ...]:
    counts = Counter(
        (" + ".join(sorted(scheme for scheme in layer.schemes if scheme)), layer.kernel)
        for layer in layers
        if layer.quantized
    )
    return tuple(
        Kernel(scheme, kernel or "not told", count)
        for (scheme, kernel), count in sorted(counts.items(), key=str)
    )


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
