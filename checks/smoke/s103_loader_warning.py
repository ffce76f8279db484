"""vLLM's log says that something of the checkpoint is not used as it was stored.

What it checks: the log, the server's too, for tensors that were skipped or never initialised,
    global scales that differ between layers that are served as one, negative block scales, and an
    FP8 KV cache whose scales are missing though the checkpoint declares them.
Why it matters: vLLM says it once, as a warning among hundreds of lines, and serves.
How to fix: see the line; layers that are fused must share their global scales.
Seen in: llm-compressor #2641, `not found in params_dict, skip loading`.
"""

from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Loading, Run
from release.smoke.serve import Served
from release.smoke.transcript import Trouble
from release.unknown import Unknown

FIXES = {
    "skipped": "rename the tensor to what vLLM expects, or leave it out",
    "scales-differ": "quantize again with one global scale for each group of fused layers",
    "negative-scales": "export the block scales again: a scale is never negative",
    "default-kv-scale": "calibrate k_scale and v_scale, or do not declare kv_cache_scheme",
    "uninitialised": "export the tensors it names again",
    "dtype": "store the tensor in the dtype of its scheme",
}

FOLLOWING = {"dtype", "scales-differ", "negative-scales"}
SHOWN = 3  # of one kind, each by its tensor; more than that become one finding


@rule(since="0.1.0")
def check(
    engine_run: Run, served: Served, loading: Loading | Unknown, quantization: QuantizationConfig
) -> Findings:
    """Report each kind of trouble, but for what follows from a fault of S101 or S102."""
    if engine_run.outcome.cause is not None:
        return
    broken = isinstance(loading, Loading) and bool(loading.gaps or loading.conversions)
    kinds: dict[str, dict[str | None, Trouble]] = {}
    for trouble in (*engine_run.outcome.transcript.troubles, *served.troubles):
        if broken and trouble.kind in FOLLOWING:
            continue
        if trouble.kind == "default-kv-scale" and not _missing(trouble, quantization):
            continue
        kinds.setdefault(trouble.kind, {}).setdefault(trouble.name, trouble)
    for kind, troubles in kinds.items():
        many = len(troubles) > SHOWN
        for trouble in list(troubles.values())[: 1 if many else SHOWN]:
            more = f" (and {len(troubles) - 1:,} more such lines)" if many else ""
            yield Found(
                where=Where(module=trouble.name) if trouble.name else Where(),
                message=f"vLLM says: {trouble.text}{more}",
                fix=FIXES[kind],
                severity="warning" if kind == "dtype" else None,
            )


def _missing(trouble: Trouble, quantization: QuantizationConfig) -> bool:
    """Whether declared k and v scales are missing; a q scale never comes with a checkpoint."""
    return quantization.kv_cache_scheme is not None and "scaling factor 1.0" in trouble.text
