"""Config groups that are declared otherwise than all their modules are stored: one cause each."""

from collections import defaultdict

import msgspec

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.unknown import Unknown


class Misdeclared(msgspec.Struct, frozen=True):
    """Names of groups, by what every one of their quantized modules shows.

    `schemes`: it is stored in another scheme (T105); `tensors`: that, or it lacks tensors or has
    more (T101, T102), or there is none though modules are claimed (T103); `lacking`: the scheme is
    another, or it lacks tensors. Other rules leave the arguments of these groups to those.
    """

    schemes: frozenset[str] = frozenset()
    tensors: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()


def provide_misdeclared(layouts: Layouts | Unknown, modules: Modules) -> Misdeclared:
    """Look whether the faults of a group's modules leave none out."""
    if isinstance(layouts, Unknown):
        return Misdeclared()
    stored: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        if module.claim.group is not None and module.quantized:
            stored[module.claim.group].add(module.name)
    plain = {modules.items[fault.module].claim.group for fault in layouts.unquantized}
    unstored = frozenset(group for group in plain if group is not None and group not in stored)
    other = {*layouts.torn, *(fault.module for fault in layouts.other)}
    lacking = other | {fault.module for fault in layouts.missing}
    uneven = lacking | {fault.module for fault in layouts.unexpected}
    schemes, tensors, short = (
        frozenset(group for group, names in stored.items() if names <= faulty)
        for faulty in (other, uneven, lacking)
    )
    return Misdeclared(schemes, tensors | unstored, short)
