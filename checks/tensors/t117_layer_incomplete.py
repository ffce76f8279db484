"""A part of the model that is there otherwise is missing.

What it checks: every module, bias and other parameter that config.json implies is stored, where no
    rule on config.json names a broader cause. Where the architecture is not known, whether a layer
    lacks one to three parts that several layers, equal to it otherwise, have: a warning.
Why it matters: vLLM leaves the parameter as uninitialised memory; its check for that is off for
    quantized models.
How to fix: export the model again; compare the shards with those of the base model.
Seen in: checkpoints put together from the shards of two exports.
"""

from collections import defaultdict
from collections.abc import Iterator

from release.architecture import Architecture
from release.facts.absences import Absences
from release.facts.layer_gaps import Gap
from release.facts.modules import Module, Modules
from release.facts.named_class import NamedClass
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

SHOWN = 3
FIX = "export the model again with all of its tensors"


@rule(since="0.1.0")
def check(
    modules: Modules,
    absences: Absences | Unknown,
    layer_gaps: tuple[Gap, ...],
    named_class: NamedClass | Unknown,
    architecture: Architecture | Unknown,
) -> Findings:
    """Report by the architecture, or by the layers' likeness where it is unknown."""
    if isinstance(absences, Unknown) or isinstance(architecture, Unknown):
        for gap in layer_gaps:
            what = f"{', '.join(gap.missing)} missing; {gap.alike:,} layers like it have that"
            yield Found(Where(module=gap.layer), what, FIX, "warning")
        return
    if not isinstance(named_class, Unknown) and named_class.types:
        return  # C103: config.json names two models
    strangers = _strangers(modules)
    for name in absences.incomplete:
        others = strangers.get(name.rpartition(".")[0], ())
        instead = f"; {' and '.join(others[:SHOWN])} stored beside it, unknown" if others else ""
        roles = architecture.modules[name].tensors
        itself = "" if "weight" in roles else f"{' and '.join(roles)} "  # its layers may be there
        what = f"{itself}is missing; config.json implies it{instead}"
        yield Found(Where(module=name), what, FIX)
    for module in modules:
        for role in _missing(module):
            what = f"{role} is missing; config.json implies it"
            yield Found(Where(module=module.name), what, FIX)


def _strangers(modules: Modules) -> dict[str, list[str]]:
    """Modules that config.json does not imply, by the block that they are in."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        if module.expected is None:
            block, _, last = module.name.rpartition(".")
            found[block].append(last)
    return found


def _missing(module: Module) -> Iterator[str]:
    """Roles that are implied and not stored; the weight of a quantized module is T101's."""
    for role in module.expected.tensors if module.expected else ():
        if role not in module.tensors and not (role == "weight" and module.quantized):
            yield role
