"""An entry of `ignore` matches no module.

What it checks: every entry of `ignore` names or matches a module of the checkpoint, or one that
    may be absent: a tied head, the MTP layers, a module that holds others, a gate or router that
    transformers stores under another name.
Why it matters: a misspelt entry leaves its layer quantized, or claimed by a group while it is
    stored in BF16. No engine says so.
How to fix: correct the entry (full names, or `re:` patterns from the start of the name).
Seen in: llm-compressor #3159.
"""

from bisect import bisect_left

from release.architecture import Architecture
from release.facts.modules import Modules
from release.facts.nearest import nearest_module
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule
from release.text import quoted
from release.unknown import Unknown

ABSENT = ("lm_head", "mtp")
GATES = ("gate", "router")
CLASSES = {"Linear", "Embedding", "Module"}
HINTS = 3


@rule(since="0.1.0", severity="warning")
def check(
    quantization: QuantizationConfig,
    modules: Modules,
    architecture: Architecture | Unknown,
    reader: ReadersView | Unknown,
    misspelt: dict[str, str],
) -> Findings:
    """Judge each entry that hit nothing; a pattern may be there for other models of the family."""
    told = set(misspelt.values())
    known = {} if isinstance(architecture, Unknown) else architecture.modules
    read = set() if isinstance(reader, Unknown) else reader.ignores
    names = sorted(modules.items)
    hints = 0
    for position, entry in enumerate(quantization.ignore):
        if entry not in modules.unmatched_ignores or entry in modules.pattern_problems:
            continue
        absent = any(part in entry for part in ABSENT) or entry in CLASSES
        absent = absent or _is_gate(entry, names)
        if entry in read or entry in told:
            continue  # T103 says where compressed-tensors claims what it was meant for
        if absent or entry in known or f"model.{entry}" in known or _holds_others(entry, names):
            continue
        hints += 1
        near = nearest_module(names, entry) if hints <= HINTS else None
        yield Found(
            where=in_config(f"{quantization.path}.ignore.{position}"),
            message=f"{quoted(entry)} matches none of {len(names):,} modules",
            fix=f"correct it; the nearest module is {near}" if near else "correct or remove it",
            severity="info" if entry.startswith("re:") else None,
        )


def _is_gate(entry: str, names: list[str]) -> bool:
    """Whether it is a gate or router that has its name in transformers, and another on disk."""
    block, _, last = entry.rpartition(".")
    return last.endswith(GATES) and _holds_others(block, names)


def _holds_others(entry: str, names: list[str]) -> bool:
    place = bisect_left(names, f"{entry}.")
    return place < len(names) and names[place].startswith(f"{entry}.")
