"""vLLM serves a module in another precision than the checkpoint declares.

What it checks: for each layer of vLLM's, the scheme that it was given against the declaration of
    the modules whose tensors went into it. Kernels that quantize weights only, where the scheme
    quantizes activations too: a note where that is all this device has, else a warning.
Why it matters: a target or an ignore entry that resolves otherwise in vLLM changes what is served,
    and a test on a GPU without FP4 units says nothing about 4-bit activations.
How to fix: write targets and ignore so that both resolve alike; test natively on a newer GPU.
Seen in: vllm #33417, NVFP4 that ran as weight-only without a word.
"""

from collections import Counter

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Run
from release.smoke.layers import Layer

WEIGHT_ONLY = ("Marlin", "Emulation", "W4A16")
PLAIN = frozenset({None})


@rule(since="0.1.0")
def check(layers: tuple[Layer, ...], engine_run: Run) -> Findings:
    """Report layers that were given another scheme, then kernels that are not native."""
    for layer in layers:
        declared = ", ".join(sorted(scheme or "no quantization" for scheme in layer.schemes))
        if "unknown" in layer.schemes:
            continue
        if len(layer.schemes) > 1 or layer.quantized == (layer.schemes == PLAIN):
            yield Found(
                where=Where(module=layer.modules[0]),
                message=f"declared {declared}, served by {layer.served} as {layer.name}",
                fix="write targets and ignore so that vLLM and compressed-tensors resolve alike",
            )
    yield from _fallbacks(layers, engine_run)


def _leaves_units(layer: Layer) -> bool:
    """Humming takes 8 bits natively where the device has the units, and only weights where not."""
    kernel = layer.kernel or ""
    humming = "Humming" in kernel and not layer.native
    return humming or any(word in kernel for word in WEIGHT_ONLY)


def _fallbacks(layers: tuple[Layer, ...], engine_run: Run) -> Findings:
    """Report kernels that leave activations alone where the scheme quantizes them."""
    kernels = Counter(
        (layer.kernel, " and ".join(sorted(each for each in layer.schemes if each)), layer.native)
        for layer in layers
        if layer.activations and _leaves_units(layer)
    )
    device = engine_run.outcome.result.device.get("name", "this device")
    for (kernel, schemes, native), count in sorted(kernels.items()):
        served = f"{schemes} is served by {kernel} on {device} ({count} layers): not natively"
        yield Found(
            where=Where(),
            message=f"{served}, though it has the units" if native else served,
            fix="look in the log for why, or set the kernel by --linear-backend"
            if native
            else "say so on the card, or test on a GPU that has the units",
            severity="warning" if native else "info",
        )
