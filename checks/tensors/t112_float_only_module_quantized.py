"""A module that engines build only in floats is stored quantized.

What it checks: routers and gates of experts, norms, biases, convolutions and other parameters are
    floats.
    An embedding of packed integers without quantized activations is a note: vLLM loads that for
    some models only. Any other scheme of an embedding is an error.
Why it matters: vLLM builds these modules without quantization and finds no parameter for what is
    stored; "compressed-tensors embeddings only support weight-only INT" for an embedding.
How to fix: add the module to `ignore` and quantize again.
Seen in: vllm #54304, quantized embeddings that most models could not load.
"""

from release.architecture.skeleton import EMBEDDING
from release.facts.layouts import Layouts
from release.facts.modules import Module, Modules
from release.quantization.formats import PACKED
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule

FIX = "add the module to ignore, and quantize again"


@rule(since="0.1.0")
def check(layouts: Layouts, modules: Modules) -> Findings:
    """Report what is quantized though it cannot be, claimed or not."""
    for fault in layouts.misplaced:
        component = modules.items[fault.module].component
        built = "biases" if fault.role == "bias" else "this module"
        what = f"{fault.role} is {fault.stored}; engines build {built} in floats only"
        yield Found(Where(module=fault.module), f"{what} ({component})", FIX)
    for module in modules:
        if not module.quantized or not isinstance(module.scheme, Scheme):
            continue
        if module.float_only:
            what = f"is stored as {module.scheme.name}; engines build a router in floats only"
            yield Found(Where(module=module.name), what, FIX)
        elif module.kind == EMBEDDING:
            yield _embedding(module, module.scheme)


def _embedding(module: Module, scheme: Scheme) -> Found:
    loads = scheme.format == PACKED and scheme.inputs is None
    what = "vLLM loads a quantized embedding for some models only"
    if not loads:
        what = "vLLM loads an embedding as packed integers only, without quantized activations"
    return Found(
        where=Where(module=module.name),
        message=f"is stored as {scheme.name}; {what}",
        fix=FIX,
        severity="info" if loads else None,
    )
