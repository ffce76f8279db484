"""The experts of one block are not all alike.

What it checks: every projection of every routed expert of a block is declared in the same scheme,
    or unquantized, like the first. Where the architecture is not known, also that the experts are
    numbered 0 to E - 1 and that a projection has one stored shape in all of them.
Why it matters: vLLM looks at expert 0 alone and builds the block by it; for the rest it finds
    tensors that no parameter expects, or none for those it has.
How to fix: let the targets and `ignore` treat all experts of a block alike.
Seen in: patterns with a bare dot: `re:.*experts.1.` means the experts 10 to 19 as well.
"""

from collections import defaultdict
from collections.abc import Iterator

from release.architecture import Architecture
from release.architecture.numbering import EXPERTS
from release.facts.absences import LONGEST_ID
from release.facts.modules import Module, Modules
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

FIX = "let targets and ignore treat all experts of the block alike"


@rule(since="0.1.0")
def check(modules: Modules, architecture: Architecture | Unknown) -> Findings:
    """Judge each block of experts by its first."""
    blocks: dict[str, list[Module]] = defaultdict(list)
    for module in modules:
        block, found, rest = module.name.partition(EXPERTS)
        if found and module.quantizable and rest.partition(".")[0].isdecimal():
            blocks[block + found[:-1]].append(module)
    for name, members in blocks.items():
        yield from _schemes(name, members)
        if isinstance(architecture, Unknown):
            yield from _numbers(name, members)
            yield from _shapes(name, members)


def _schemes(block: str, members: list[Module]) -> Iterator[Found]:
    members = [m for m in members if m.claim.ignored_by is None or not m.quantized]  # else Q104's
    if not members:
        return
    first = members[0]
    odd = [module for module in members if module.scheme != first.scheme]
    if odd:
        what = f"{_words(odd[0])}, {first.name} is {_words(first)}"
        more = f"; {len(odd):,} of {len(members):,} modules differ so" if len(odd) > 1 else ""
        yield Found(Where(module=block), f"{odd[0].name} is {what}{more}", FIX)


def _words(module: Module) -> str:
    if isinstance(module.scheme, Scheme):
        return module.scheme.name
    return "ignored" if module.claim.ignored_by is not None else "claimed by no group"


def _numbers(block: str, members: list[Module]) -> Iterator[Found]:
    ids = {module.name.removeprefix(f"{block}.").partition(".")[0] for module in members}
    missing = [number for number in range(len(ids)) if str(number) not in ids]
    if missing and all(len(number) < LONGEST_ID for number in ids):
        what = f"{len(ids):,} experts are stored, and none is number {missing[0]}"
        yield Found(Where(module=block), what, "export the block again")


def _shapes(block: str, members: list[Module]) -> Iterator[Found]:
    sizes: dict[str, Module] = {}
    for module in members:
        projection = module.name.removeprefix(f"{block}.").partition(".")[2]
        first = sizes.setdefault(projection, module)
        if module.shape != first.shape and module.shape and first.shape:
            what = f"is {list(module.shape)}, {first.name} {list(first.shape)}"
            yield Found(Where(module=module.name), what, "export the expert again")
