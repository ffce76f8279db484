"""A config group claims no module.

What it checks: every config group, and every target of it, matches at least one module of the
    checkpoint. Groups for attention itself hold no weights and are left alone.
Why it matters: the modules that were meant stay in BF16. compressed_tensors and vLLM say nothing,
    and the card advertises a precision that is not in the files.
How to fix: correct `targets` (full names, `re:` patterns from the start of the name, or class
    names), or drop the group.
Seen in: llm-compressor #2641, where an example's pattern missed the modules it meant.
"""

from release.facts.modules import Modules
from release.facts.nearest import nearest_module
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule
from release.text import quoted
from release.unknown import Unknown


@rule(since="0.1.0")
def check(
    quantization: QuantizationConfig, modules: Modules, reader: ReadersView | Unknown
) -> Findings:
    """Judge each group by its targets that match nothing, in either way of matching."""
    read = set() if isinstance(reader, Unknown) else reader.targets
    for group in quantization.groups:
        missed = [
            target
            for target in group.targets
            if target in modules.unmatched and target not in modules.pattern_problems
        ]
        alone = len(missed) == len(group.targets)
        if not alone:  # the name of a class that no engine quantizes is Q109's
            missed = [target for target in missed if target in read or not target.isidentifier()]
        if group.weights is None or not missed:  # a group without targets is Q107's
            continue
        if any(target in read for target in missed):
            what = f"only vLLM matches {quoted(missed[0])}, by its own names and classes"
            fix = "write the class or names of the checkpoint, which vLLM matches too"
            yield Found(in_config(f"{group.path}.targets"), what, fix, "warning")
            continue
        near = nearest_module(modules.items, missed[0])
        hint = f"the nearest module is {near}" if near else "compare it with the module names"
        yield Found(
            where=in_config(f"{group.path}.targets"),
            message=f"no target of {group.name:.60} matches any of {len(modules):,} modules"
            if alone
            else f"target {quoted(missed[0])} matches none of {len(modules):,} modules",
            fix=f"correct the target; {hint}",
            severity=None if alone else "warning",
        )
