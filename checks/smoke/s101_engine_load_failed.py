"""vLLM does not load the checkpoint, or fails while it generates.

What it checks: that the engine starts on the checkpoint and answers every request. A failure is
    named by its root cause: memory, KV cache too small (with vLLM's own estimate), no scheme, no
    kernel, unsupported GPU, a tensor, the configuration. That the GPU's memory is free afterwards.
Why it matters: what does not load here does not load for a reader of the card.
How to fix: see the cause; the whole log is kept beside the report.
Seen in: recipes #551, where the default command failed on an H100 (mamba blocks).
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.account import Account
from release.smoke.causes import Cause
from release.smoke.evidence import Loading, Run
from release.smoke.kinds import CRASH, OTHER
from release.unknown import Unknown

MEMORY = {"kv-too-small", "mamba-blocks", "no-memory-for-cache", "memory-in-use", "out-of-memory"}


@rule(since="0.1.0")
def check(engine_run: Run, loading: Loading | Unknown) -> Findings:
    """Report the cause, at the tensor that was read last where reading failed."""
    if engine_run.memory_freed is False:
        yield Found(
            where=Where(),
            message="memory of the GPU is still in use, half a minute after vLLM was ended",
            fix="see what holds it (nvidia-smi), and whether it is ours",
            severity="warning",
        )
    cause = engine_run.outcome.cause
    if cause is None:
        return
    if (
        cause.kind in {OTHER, CRASH}
        and isinstance(loading, Loading)
        and (loading.gaps or loading.conversions)
    ):
        return  # S102: whatever fails then, that memory is why
    failed = [account for account in engine_run.outcome.accounts if not account.loaded]
    yield Found(
        where=_place(cause, failed),
        message=f"{cause.kind}: {cause.line}",
        fix=cause.fix,
    )


def _place(cause: Cause, failed: list[Account]) -> Where:
    if cause.kind in MEMORY:
        return Where()
    if failed and failed[0].last:
        return Where(tensor=failed[0].last)
    return Where()
