"""The card promises more of a GPU than it holds, or more than the card's own command gives there.

What it checks: that the model runs on a named GPU, and contexts, requests at once and memory for
    the cache that the card states for it: against the most that any settings give there by vLLM's
    arithmetic (97% of the memory, no CUDA graphs, text only); and that a figure for an FP8 KV cache
    stands beside a command that asks for one.
Why it matters: --kv-cache-dtype auto keeps 16 bits, and half as many tokens fit. People buy the GPU
    first.
How to fix: `release fit CKPT --gpu NAME` says what fits; put the options into the command.
Seen in: "8 concurrent requests of 262K tokens" with FP8 KV above a command that serves BF16 KV;
    memory for the cache computed as the size of the card less the size of the files.
"""

from release.audit.page import Page
from release.audit.quantities import Quantity
from release.audit.serving import Serving
from release.audit.trials import Bound, Trial
from release.fit.solve import Fit
from release.rules import Findings, Found, Where, rule
from release.units import binary_bytes

SLACK = 0.01  # of what is estimated


@rule(since="0.1.0")
def check(page: Page, bounds: tuple[Bound, ...], trials: tuple[Trial, ...]) -> Findings:
    """Judge each claim by the GPU, then by the card's command for it."""
    for bound in bounds:
        claim, where = bound.claim, Where(file=page.name, line=bound.claim.line)
        if bound.fit is not None and (what := _beyond(claim, bound.fit)) is not None:
            yield Found(where, what, "say what fits: release fit")
            continue
        if claim.fits:
            continue
        asked = [trial for trial in trials if _is_for(trial, claim)]
        tried = [trial.fit for trial in asked if trial.fit is not None]
        short = [what for fit in tried if (what := _beyond(claim, fit)) is not None]
        if tried and len(short) == len(tried):
            lines = ", ".join(str(trial.shell.line) for trial in asked)
            dtypes = {fit.settled.serving.kv_cache_dtype for fit in tried}
            cache = f", with {' and '.join(sorted(dtypes))} KV cache" if claim.cache else ""
            what = (
                f"the card's own command for it (line {lines}) does not do that{cache}: {short[0]}"
            )
            yield Found(where, what, "correct the command or the figure: release fit")


def _beyond(claim: Serving, fit: Fit) -> str | None:
    most, gpu = fit.answer.at_most, claim.machine.gpu.name
    if fit.answer.starts is False and fit.answer.binds == "options":  # on no memory
        return f"it does not run on {gpu}: {fit.answer.why}"
    if claim.room is not None and claim.room.low > most.available_bytes * (1 + SLACK):
        have = binary_bytes(most.available_bytes)
        return f"{gpu} has at most {have} for the cache, the card says {claim.room.text}"
    if claim.held is not None and claim.held.low > most.tokens * (1 + SLACK):
        return f"the cache on {gpu} holds {most.tokens:,} tokens, the card says {claim.held.text}"
    if claim.tokens is not None:
        return _too_long(claim, claim.tokens, fit)
    starts = fit.answer.starts is not False or not claim.fits
    return None if starts else f"it does not run on {gpu} at any length: {fit.answer.why}"


def _too_long(claim: Serving, tokens: Quantity, fit: Fit) -> str | None:
    """Requests that are too many of their length, or one that is too long."""
    most, gpu = fit.answer.at_most, claim.machine.gpu.name
    if claim.requests is not None and claim.requests > 1:
        if tokens.low > fit.settled.limit:
            return (
                f"the model takes {fit.settled.limit:,} tokens at most, the card says {tokens.text}"
            )
        length = min(int(tokens.value), most.max_model_len)
        held = _held(claim, fit, length) if tokens.low <= most.max_model_len else 0.0
        what = f"{held:.2f} requests of {length:,} tokens, the card says {claim.requests:g}"
        fits = claim.requests <= held * (1 + SLACK)
    else:
        allowed = most.longest_request if claim.possible else most.max_model_len
        longest = min(most.longest_request, allowed)
        what = f"{longest:,} tokens of one request, the card says {tokens.text}"
        fits = tokens.low <= longest * (1 + SLACK)
    return None if fits else f"{gpu} holds at most {what}"


def _held(claim: Serving, fit: Fit, length: int) -> float:
    """Requests of a length at once: what the cache holds, and vLLM schedules if that is meant."""
    most = fit.answer.at_most
    if claim.scheduled:
        return fit.held(most, length)
    return fit.pool.concurrency(most.available_bytes, length)


def _is_for(trial: Trial, claim: Serving) -> bool:
    return trial.machine is not None and trial.machine.kind == claim.machine.kind
