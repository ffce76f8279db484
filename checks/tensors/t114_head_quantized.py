"""The language model's head is quantized.

What it checks: lm_head is not stored quantized. It is an error where config.json ties it to the
    embedding, and where only a class target such as `Linear` claims it; else a warning.
Why it matters: vLLM matches a head by its name or a pattern only. Under a class target it builds
    a float head: "no module or parameter named lm_head.weight_packed". A tied head is never read.
    Where it loads, small errors in the head move every logit.
How to fix: add `lm_head` to `ignore`; to keep it quantized add a target such as `re:.*lm_head$`.
Seen in: llm-compressor #1820; sglang #35358, where the head was uninitialised memory.
"""

from release.architecture import Architecture
from release.facts.components import HEAD
from release.facts.modules import Module, Modules
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0", severity="warning")
def check(modules: Modules, architecture: Architecture | Unknown) -> Findings:
    """Judge every head that a group claims."""
    tied = not isinstance(architecture, Unknown) and architecture.tied
    for module in modules:
        if module.component != HEAD or not module.quantized:
            continue
        if isinstance(module.scheme, Scheme):
            yield _found(module, module.scheme, tied=tied)


def _found(module: Module, scheme: Scheme, *, tied: bool) -> Found:
    named = [target for target in module.claim.targets if _names(target, module)]
    what = f"is stored as {scheme.name}"
    if tied:
        what += ", and config.json ties it to the embedding"
    elif not named:
        what += f"; vLLM does not match a head by {module.claim.targets[0]!r:.40}"
    return Found(
        where=Where(module=module.name),
        message=what,
        fix="add it to ignore and quantize again"
        if tied or named
        else "add the target 're:.*lm_head$' to its group, or quantize again with it in ignore",
        severity="error" if tied or not named else None,
    )


def _names(target: str, module: Module) -> bool:
    return target.startswith("re:") or target == module.name
