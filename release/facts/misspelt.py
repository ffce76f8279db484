"""Entries of `ignore` that match nothing and were meant for a module that a group now claims."""

from difflib import get_close_matches

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN
from release.unknown import Unknown

ALIKE = 0.85
MOST = 64  # entries looked at, and modules that each is held against


def provide_misspelt(
    quantization: QuantizationConfig, modules: Modules, layouts: Layouts | Unknown
) -> dict[str, str]:
    """Map modules stored in plain floats, though claimed, to the entry that nearly names them."""
    if isinstance(layouts, Unknown):
        return {}
    claimed = {fault.module.casefold(): fault.module for fault in layouts.unquantized[:MOST]}
    entries = [e for e in quantization.ignore if e in modules.unmatched_ignores]
    found: dict[str, str] = {}
    for entry in entries[:MOST] if claimed else ():
        meant = entry.removeprefix(PATTERN).casefold()
        near = get_close_matches(meant, list(claimed), 1, ALIKE)
        if near:
            found.setdefault(claimed[near[0]], entry)
    return found
