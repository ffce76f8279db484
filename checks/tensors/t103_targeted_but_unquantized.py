"""A config group claims a module whose weight is not quantized.

What it checks: every Linear, and every Embedding, that a group claims and `ignore` does not name
    is stored quantized. A head and the layers of multi-token prediction count as all others.
Why it matters: vLLM builds the quantized layer and then finds a plain weight: a KeyError, a shape
    assertion, or scales that stay uninitialised memory.
How to fix: add the module to `ignore`, or narrow the group's targets, or quantize it.
Seen in: vllm #38832 and #41994, layers and experts of multi-token prediction in BF16 that `ignore`
    did not name.
"""

from release.architecture import Architecture
from release.facts.absences import Absences
from release.facts.components import HEAD, MTP
from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.facts.reader import ReadersView
from release.rules import Findings, Found, Where, rule
from release.text import quoted
from release.unknown import Unknown


@rule(since="0.1.0")
def check(
    layouts: Layouts,
    modules: Modules,
    reader: ReadersView | Unknown,
    architecture: Architecture | Unknown,
    absences: Absences | Unknown,
    misspelt: dict[str, str],
) -> Findings:
    """Report every claimed module of the model that is stored as plain floats."""
    known = not isinstance(architecture, Unknown)
    moved = Absences() if isinstance(absences, Unknown) else absences
    layers = {} if isinstance(reader, Unknown) else reader.of_modules()
    for fault in layouts.unquantized:
        module = modules.items[fault.module]
        if known and module.expected is None and module.component not in {MTP, HEAD}:
            continue  # the model has no such module: T118, C111 and others say it
        if module.name == moved.head_instead or (moved.elsewhere and module.expected is None):
            continue  # C109 and C103: it is there under another name
        claim = module.claim
        built = layers.get(fault.module)
        plain = built is not None and built.choice.group is None and not built.choice.refused
        entry = misspelt.get(fault.module)
        yield Found(
            where=Where(module=fault.module),
            message=f"{claim.group} claims it as {fault.scheme} by {quoted(claim.targets[0])}, "
            f"its weight is {fault.stored}{'; vLLM alone leaves it out' if plain else ''}"
            + (f"; ignore has {quoted(entry)}, which is not its name" if entry else ""),
            fix="correct the entry of quantization_config.ignore"
            if entry
            else "add it to quantization_config.ignore, or quantize it",
            severity="warning" if plain else None,
        )
