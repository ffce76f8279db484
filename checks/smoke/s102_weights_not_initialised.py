"""vLLM loaded the checkpoint and a part of the model holds memory that nothing was written to.

What it checks: each write into each parameter while vLLM loads, in vLLM's own process. Parameters
    that were filled only in part, tensors that were converted into a type that cannot hold their
    values, and tensors that no parameter took. Scales of the KV cache have defaults and may lack.
    Where vLLM has a check of its own (off by default for quantized models), it is on, and what it
    adds is a note.
Why it matters: vLLM makes parameters of uninitialised memory and does not notice a tensor that a
    quantized checkpoint lacks: it serves whatever was in that memory before.
How to fix: export the tensor again, under the name and in the type that the scheme has.
Seen in: vllm #45212 and #45320, NaN only for prompts that reach the expert without its scale.
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Loading

SHOWN, LONGEST = 2, 300


@rule(since="0.1.0")
def check(loading: Loading) -> Findings:
    """Report each gap, each lossy conversion, each tensor that went nowhere."""
    for gap in loading.gaps:
        parts = f"; what was written came from {_names(gap.sources)}" if gap.sources else ""
        yield Found(
            where=Where(module=gap.parameter),
            message=f"{gap.written:,} of {gap.elements:,} elements were loaded{parts}",
            fix="export the tensors that belong to it again",
        )
    for conversion in loading.conversions:
        yield Found(
            where=Where(module=conversion.parameter),
            message=f"vLLM holds it as {conversion.dtype} and converted {conversion.stored} values "
            f"of {_names(conversion.sources)} into that",
            fix="store the tensor in the dtype of its scheme",
        )
    for name in loading.unread:
        yield Found(
            where=Where(tensor=name),
            message="no parameter of vLLM's model took anything from it",
            fix="rename it to what the model expects, or leave it out of the checkpoint",
            severity="warning",
        )
    if loading.tracked and not loading.gaps:
        yield Found(
            where=Where(),
            message=f"vLLM's own tracking says: {loading.tracked[:LONGEST]}",
            fix="see whether they have defaults: our account saw each parameter filled",
            severity="info",
        )


def _names(sources: tuple[str, ...]) -> str:
    more = f" and {len(sources) - SHOWN} more" if len(sources) > SHOWN else ""
    return f"{', '.join(sources[:SHOWN])}{more}"
