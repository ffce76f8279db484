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
    if claim.room is not None and claim.room.low > most.available_bytes * (1 + SLACK):
        have = binary_bytes(most.available_bytes)
        return f"{gpu} has at most {have} for the cache, the card says {claim.room.text}"
    if claim.tokens is None:
        starts = fit.answer.starts is not False or not claim.fits
        return None if starts else f"it does not run on {gpu} at any length: {fit.answer.why}"
    if claim.requests is not None and claim.requests > 1:
        if claim.requests > most.max_concurrency * (1 + SLACK):
            return (
                f"{gpu} holds at most {most.max_concurrency:.2f} requests of "
                f"{most.max_model_len:,} tokens, the card says {claim.requests:g}"
            )
        return None
    allowed = most.longest_request if claim.possible else most.max_model_len
    longest = min(most.longest_request, allowed)
    if claim.tokens.low > longest * (1 + SLACK):
        return (
            f"{gpu} holds at most {longest:,} tokens of one request, the card says "
            f"{claim.tokens.text}"
        )
    return None


def _is_for(trial: Trial, claim: Serving) -> bool:
    return trial.machine is not None and trial.machine.kind == claim.machine.kind
