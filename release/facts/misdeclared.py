"""Config groups that are declared otherwise than all their modules are stored: one cause each."""

from collections import defaultdict

import msgspec

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown


class Misdeclared(msgspec.Struct, frozen=True):
    """Names of groups, by what every one of their quantized modules shows.

    `schemes`: it is stored in another scheme (T105); `tensors`: that, or it lacks tensors or has
    more (T101, T102); `lacking`: the scheme is another, or it lacks tensors. `unstored` have none
    (Q101, T103). Other rules leave the arguments of these groups to those.
    """

    schemes: frozenset[str] = frozenset()
    tensors: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    unstored: frozenset[str] = frozenset()


def provide_misdeclared(
    layouts: Layouts | Unknown, modules: Modules, quantization: QuantizationConfig
) -> Misdeclared:
    """Look whether the faults of a group's modules leave none out."""
    if isinstance(layouts, Unknown):
        return Misdeclared()
    stored: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        if module.claim.group is not None and module.quantized:
            stored[module.claim.group].add(module.name)
    weighty = (group.name for group in quantization.groups if group.weights is not None)
    unstored = frozenset(name for name in weighty if name not in stored)
    other = {*layouts.torn, *(fault.module for fault in layouts.other)}
    lacking = other | {fault.module for fault in layouts.missing}
    uneven = lacking | {fault.module for fault in layouts.unexpected}
    schemes, tensors, short = (
        frozenset(group for group, names in stored.items() if names <= faulty)
        for faulty in (other, uneven, lacking)
    )
    return Misdeclared(schemes, tensors, short, unstored)
