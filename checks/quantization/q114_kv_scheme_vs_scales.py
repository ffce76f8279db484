"""The declared KV cache scheme and the stored cache scales do not fit.

What it checks: a `kv_cache_scheme` is static, and has `k_scale` and `v_scale` in every layer with
    softmax attention; scales are not there without a scheme, nor under names of older exporters.
    Layers of linear or latent attention, and those that share another layer's cache, have none.
Why it matters: vLLM takes 1.0 for a scale that is missing and says nothing; keys and values
    beyond 448 are cut off.
How to fix: calibrate the cache again, or drop `kv_cache_scheme`.
Seen in: sgl-cookbook #237.
"""

from collections.abc import Iterator

from release.architecture import ModelConfig
from release.facts.absences import LONGEST_ID
from release.facts.components import ATTENTION
from release.facts.modules import Modules
from release.quantization.config import ROOT, QuantizationConfig
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, in_config, rule

KEY_PROJECTIONS = ("k_proj", "qkv_proj", "query_key_value", "Wqkv")
SCALES = ("k_scale", "v_scale")
OLD_NAMES = {"kv_scale": "", "output_scale": "k_proj v_proj"}


@rule(since="0.1.0")
def check(config: ModelConfig, quantization: QuantizationConfig, modules: Modules) -> Findings:
    """Judge every attention layer of the main model."""
    if not quantization.path and any(module.quantized for module in modules):
        return  # Q112: the declaration is lost as a whole
    scheme = quantization.kv_cache_scheme
    path = in_config(f"{quantization.path or ROOT}.kv_cache_scheme")
    layers = _attention_layers(config, modules)
    old = list(_old(modules))
    scaled = {m.name for m in modules if any(role in m.tensors for role in SCALES)}
    if scheme is not None and scheme.dynamic and scaled:
        what = f"it is dynamic, and {len(scaled):,} layers have cache scales, such as {min(scaled)}"
        yield Found(path, what, "set dynamic to false", "warning")
    if scheme is not None and scheme.dynamic and layers and not scaled:
        what = "it is dynamic; vLLM scales no cache while it runs, and takes 1.0"
        yield Found(path, what, "calibrate the cache, or drop the scheme", "warning")
    if scheme is not None and not scheme.dynamic:
        lost = [layer for layer in layers if layer not in scaled]
        if layers and len(lost) == len(layers) and not scaled and not old:
            what = f"it is static, and none of {len(layers):,} attention layers has a k_scale"
            yield Found(path, what, "calibrate the cache, or drop the scheme")
            return
        for name in layers:
            stored = modules.items[name].tensors if name in modules.items else {}
            missing = [role for role in SCALES if role not in stored]
            if missing and not any(f"{module}.".startswith(f"{name}.") for module, _ in old):
                what = f"{' and '.join(missing)} missing; vLLM takes 1.0"
                yield Found(Where(module=name), what, "calibrate the cache again")
    targeted = any(group.weights is None for group in quantization.groups)
    if scheme is None and scaled and not targeted and "kv_cache_scheme" not in quantization.wrong:
        what = f"it is null, and {len(scaled):,} layers have cache scales, such as {min(scaled)}"
        yield Found(path, what, "declare the scheme they were calibrated for", "warning")
    for name, role in old:
        yield Found(
            where=Where(module=name),
            message=f"{role} is the name older exporters gave to a cache scale; vLLM takes 1.0",
            fix="store k_scale and v_scale in the attention module",
            severity="warning" if scheme is None else None,
        )


def _attention_layers(config: ModelConfig, modules: Modules) -> list[str]:
    found = dict.fromkeys(
        parent
        for module in modules
        for parent, _, last in [module.name.rpartition(".")]
        if last in KEY_PROJECTIONS and module.component == ATTENTION
    )
    shared, total = config.get("num_kv_shared_layers"), config.get("num_hidden_layers")
    if type(shared) is not int or type(total) is not int or shared <= 0:
        return list(found)
    return [name for name in found if _layer_number(name) < total - shared]


def _layer_number(name: str) -> int:
    digits = (part for part in name.split(".") if part.isdecimal() and len(part) <= LONGEST_ID)
    return int(next(digits, "0"))


def _old(modules: Modules) -> Iterator[tuple[str, str]]:
    """Modules with a cache scale under an older name, and that role."""
    names = {m.name.rpartition(".")[2] for m in modules if "output_scale" in m.tensors}
    if names - {"k_proj", "v_proj"}:
        return  # scales of every layer's output
    for module in modules:
        last = module.name.rpartition(".")[2]
        declared = module.scheme if isinstance(module.scheme, Scheme) else None
        for role, owners in OLD_NAMES.items():
            if declared and declared.slot(role):
                continue  # static activations of the projection's own output
            if role in module.tensors and (not owners or last in owners.split()):
                yield module.name, role
