"""Whole layers and experts in each other's place: a block is named once, not each weight of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

FEWEST = 4
"""Tensors that make a block, where one is wrong as a whole."""


def displaced_blocks(holds: Mapping[str, str], compared: Collection[str]) -> dict[str, str]:
    """Blocks of two weights or more that are, all of them, those of one other block, by its name.

    `holds` names the weight whose values one has, `compared` are all that were compared. Of blocks
    within each other it is the outermost.
    """
    others: dict[str, Counter[str]] = {}
    for name, other in holds.items():
        for block, other_block in _pairs(name, other):
            others.setdefault(block, Counter())[other_block] += 1
    sizes = Counter(block for name in compared for block in _above(name) if block in others)
    found: dict[str, str] = {}
    for block in sorted(others, key=len):
        other_block, count = others[block].most_common(1)[0]
        if count == sizes[block] > 1 and block_of(block, found) is None:
            found[block] = other_block
    return found


def whole_blocks(names: Collection[str], compared: Collection[str]) -> dict[str, int]:
    """The outermost blocks of `FEWEST` or more that are all among `names`, and of how many."""
    wrong = Counter(block for name in names for block in _above(name))
    sizes = Counter(block for name in compared for block in _above(name) if block in wrong)
    found: dict[str, int] = {}
    for block in sorted(filter(None, wrong), key=len):
        if wrong[block] == sizes[block] >= FEWEST and block_of(block, found) is None:
            found[block] = wrong[block]
    return found


def block_of(name: str, blocks: Collection[str]) -> str | None:
    """The block that a weight is in, None if it is in none of them."""
    return next((block for block in _above(name) if block in blocks), None)


def _pairs(name: str, other: str) -> Iterator[tuple[str, str]]:
    """The blocks that two weights of one role are in, if they differ in one number."""
    left, right = name.split("."), other.split(".")
    if len(left) != len(right):
        return
    apart = [i for i, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]]
    if len(apart) == 1 and left[apart[0]].isdecimal():
        for end in range(apart[0] + 1, len(left)):
            yield ".".join(left[:end]), ".".join(right[:end])


def _above(name: str) -> Iterator[str]:
    while name:
        name = name.rpartition(".")[0]
        yield name
