"""What recipes and configs on a card say: schemes, arguments, layers that were left out."""

import re
from collections.abc import Iterator

from release.audit.page import Fence, Line
from release.audit.precise import Precise
from release.audit.schemes import GRAINS, PLAIN, words_of
from release.audit.subjects import component, is_about
from release.quantization.match import PATTERN

KEY = r"""(?<![\w-])["']?%s["']?\s*[:=]\s*"""
SCHEME = re.compile(KEY % "scheme" + r"""["']?(?P<said>[A-Za-z]\w*)""")
ARGUMENT = re.compile(
    KEY % "(?P<key>num_bits|strategy|dynamic|symmetric)" + r"""["']?(?P<value>\w+)"""
)
IGNORE = re.compile(KEY % "ignore" + r"\[|^\s*ignore:\s*$", re.MULTILINE)
# An entry of a list in brackets, or on a line of its own.
ENTRY = re.compile(
    r"""\s*(?:-\s+)?(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s,\]"'#]+))\s*,?"""
)
BLOCK = re.compile(r"\s*-\s+\S")
NAME = re.compile(r"re:\S+|[\w.*]+")
SAID = {"true": True, "false": False}
MOST = 4000  # entries of a list


def read_recipe(fence: Fence) -> Iterator[Precise]:
    """Collect what the code says of the whole model."""
    for number, text in enumerate(fence.text.split("\n"), fence.number):
        for match in SCHEME.finditer(text):
            if words := words_of(match["said"]):
                yield Precise(number, match[0], (), words, "both")
        for match in ARGUMENT.finditer(text):
            if words := _argument(match["key"], match["value"]):
                yield Precise(number, match[0], (), words, "both")
    for match in IGNORE.finditer(fence.text):
        for place, entry in _entries(fence.text, match.end(), block="[" not in match[0]):
            number = fence.number + fence.text.count("\n", 0, place)
            yield Precise(number, entry, (entry,), frozenset({PLAIN}), "ignored")


def read_ignored(line: Line, label: str, value: str) -> Iterator[Precise]:
    """`Ignored layers: lm_head, re:.*mlp.gate$`; words that name nothing are left alone."""
    if not is_about("ignored", label):
        return
    for piece in re.split(r",\s+|;\s*|\s+(?:and|und)\s+|\s+", value):
        entry = piece.strip(" ,.\"'")
        if entry.startswith(PATTERN) or "." in entry or "_" in entry or component(entry):
            part = component(entry) or entry
            yield Precise(line.number, entry, (part,), frozenset({PLAIN}), "ignored")


def _argument(key: str, value: str) -> frozenset[str]:
    if key == "num_bits":
        return frozenset({f"{value} bits"} if value.isdigit() else ())
    if key == "strategy":
        grain = {f"per {value.lower()}"} & {word for found in GRAINS.values() for word in found}
        return frozenset(grain)
    said = SAID.get(value.lower())
    if key == "dynamic":
        return frozenset({"dynamic"} if said else ())
    return frozenset({"symmetric" if said else "asymmetric"} if said is not None else ())


def _entries(text: str, start: int, *, block: bool) -> Iterator[tuple[int, str]]:
    """The entries of a list in brackets, or of those lines of YAML that begin with a dash."""
    for _ in range(MOST):
        if block and not BLOCK.match(text, start):
            return
        match = ENTRY.match(text, start)
        if match is None:
            return
        found = next(name for name, said in match.groupdict().items() if said is not None)
        yield match.start(found), match[found]
        start = match.end()
