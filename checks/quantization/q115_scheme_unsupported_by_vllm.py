"""vLLM has no kernel for a group's scheme, or only one for some GPUs.

What it checks: weights, activations and format of each group against the kernels of vLLM 0.32, for
    Linears and for experts; that the KV cache scheme is symmetric FP8 by tensor or by head; that
    groups are spelt out and have weights.
Why it matters: vLLM stops at the first such layer: "No compressed-tensors compatible scheme was
    found", "Unsupported FusedMoe scheme".
How to fix: quantize with a scheme that vLLM serves. What a preset of llm-compressor writes and no
    kernel loads is only for your information: other engines may have one.
Seen in: vLLM 0.32 itself: "For NVFP4 weights, input quantization must also be NVFP4 format".
"""

from collections.abc import Iterator

from release.facts.kernels import Service
from release.facts.layouts import Layouts
from release.facts.misdeclared import Misdeclared
from release.quantization.arguments import Args
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.formats import is_storable
from release.quantization.naming import scheme_name
from release.quantization.presets import is_preset
from release.quantization.reader import is_for_attention
from release.quantization.support import HOPPER
from release.rules import Findings, Found, in_config, rule
from release.unknown import Unknown

FIX = "quantize with a scheme that vLLM serves: NVFP4, FP8, W8A8, W4A16..."
BLOCK = (128, 128)


@rule(since="0.1.0")
def check(
    quantization: QuantizationConfig,
    kernels: tuple[Service, ...],
    misdeclared: Misdeclared,
    layouts: Layouts | Unknown,
    crowded: frozenset[str] | Unknown,
) -> Findings:
    """Judge each group by what serves it, then the cache scheme."""
    lost = not isinstance(layouts, Unknown) and layouts.unclaimed
    for group in quantization.groups:
        if group.weights is not None or not lost:  # T104 names the modules that it was for
            yield from _shape(group, stored=group.name not in misdeclared.schemes)
    told = misdeclared.lacking | (frozenset() if isinstance(crowded, Unknown) else crowded)
    for service in kernels:
        if service.group not in told and _is_storable(quantization.group(service.group)):
            yield from _service(quantization.group(service.group), service)
    scheme = quantization.kv_cache_scheme
    if scheme is not None and (what := _cache(scheme)):
        path = f"{quantization.path}.kv_cache_scheme"
        yield Found(in_config(path), f"{what}; vLLM takes symmetric FP8 by tensor or head", FIX)


def _shape(group: ConfigGroup, *, stored: bool) -> Iterator[Found]:
    """What vLLM's parser stumbles over before any layer is built."""
    if group.preset:
        what = f"{group.preset} is given by its name; vLLM reads only groups that are spelt out"
        yield Found(in_config(group.path), what, "write out targets and arguments")
    elif group.weights is None and not group.unreadable and not is_for_attention(group):
        what = "it has no weights; vLLM refuses it unless its one target ends in 'Attention'"
        fix = "name the attention class as the only target"
        yield Found(in_config(group.path), what, fix, "warning")
    block = group.weights.block_structure if group.weights else None
    if stored and block is not None and block != BLOCK:
        what = f"blocks are {block[0]} x {block[1]}; vLLM's kernels have 128 x 128"
        yield Found(in_config(f"{group.path}.weights.block_structure"), what, FIX, "warning")


def _is_storable(group: ConfigGroup) -> bool:
    """Whether any format stores it; else Q106 has said so."""
    return group.weights is None or is_storable(group.weights, group.input_activations)


def _service(group: ConfigGroup, service: Service) -> Iterator[Found]:
    if group.weights is None:
        return
    where, name = in_config(group.path), scheme_name(group.weights, group.input_activations)
    if group.weights.type == "float" and not group.weights.symmetric:
        name += " with symmetric: false"
    kind = f"{name} for {service.kind} such as {service.example}"
    known = is_preset(group.weights, group.input_activations)
    if not service.kernels:
        what = f"vLLM 0.32 has no kernel for {kind}"
        yield Found(where, what, FIX, "info" if known else None)
    elif list(service.kernels) == [HOPPER]:
        what = f"vLLM 0.32 serves {kind} on GPUs of compute capability 9.0 only"
        yield Found(where, what, "say so in the card", "info" if known else "warning")


def _cache(scheme: Args) -> str | None:
    if scheme.type != "float" or scheme.num_bits != 8:  # noqa: PLR2004 - a width
        return f"it is {scheme.num_bits} bits of {scheme.type}"
    if scheme.strategy not in {"tensor", "attn_head"}:
        return f"its strategy is {scheme.strategy!r}"
    return None if scheme.symmetric else "it is asymmetric"
