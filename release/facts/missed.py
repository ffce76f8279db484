"""Targets that match no module, and the modules that they were most likely meant for."""

import msgspec

from release.facts.absences import Absences
from release.facts.layouts import Layouts
from release.facts.modules import Module, Modules
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.quantization.layout import read_layout
from release.quantization.schemes import Scheme, scheme_of
from release.unknown import Unknown


class Missed(msgspec.Struct, frozen=True):
    """A group with weights of which targets match nothing.

    `alone` says that none of its targets matches. `read` says that vLLM matches one of them, by
    names of its own. `lost` are modules without a group that are stored just as this one would.
    """

    group: str
    targets: tuple[str, ...]
    alone: bool
    read: bool
    lost: tuple[str, ...] = ()


def provide_missed(
    quantization: QuantizationConfig,
    modules: Modules,
    layouts: Layouts | Unknown,
    reader: ReadersView | Unknown,
    absences: Absences | Unknown,
    wrapper: str | None,
) -> tuple[Missed, ...]:
    """Look at each group's targets that match nothing, in either way of matching.

    The name of a module that is not stored, and should be, is right. Names that a wrapper changed
    match nothing.
    """
    if wrapper is not None:
        return ()
    absent = set() if isinstance(absences, Unknown) else set(absences.all)
    read = set() if isinstance(reader, Unknown) else reader.targets
    strays = [] if isinstance(layouts, Unknown) else [f.module for f in layouts.unclaimed]
    found = []
    for group in quantization.groups:
        targets = [
            target
            for target in group.targets
            if target in modules.unmatched
            and target not in modules.pattern_problems
            and target not in absent
        ]
        alone = len(targets) == len(group.targets)
        if not alone:  # the name of a class that no engine quantizes is Q109's
            targets = [target for target in targets if target in read or not target.isidentifier()]
        if group.weights is None or not targets:  # a group without targets is Q107's
            continue
        by_vllm = [target for target in targets if target in read]
        scheme = scheme_of(group, quantization)
        lost = () if by_vllm else tuple(n for n in strays if _fits(modules.items[n], scheme))
        found.append(Missed(group.name, tuple(by_vllm or targets), alone, bool(by_vllm), lost))
    return tuple(found)


def _fits(module: Module, scheme: Scheme | Unknown | None) -> bool:
    if not isinstance(scheme, Scheme):
        return False
    return not read_layout(scheme, module.tensors, module.shape).differences
