"""What recipes and configs on a card say: schemes, arguments, layers that were left out."""

import re
from collections.abc import Iterator

from release.audit.page import Fence, Line
from release.audit.parts import ARTICLES
from release.audit.precise import Precise, Side
from release.audit.schemes import GRAINS, PLAIN, words_of
from release.audit.subjects import component, is_about
from release.quantization.match import PATTERN

KEY = r"""(?<![\w-])["']?%s["']?\s*[:=]\s*"""
SCHEME = re.compile(KEY % "scheme" + r"""["']?(?P<said>[A-Za-z]\w*)""")
# An argument, or the name of the side whose arguments follow.
ARGUMENT = re.compile(
    KEY % "(?P<key>num_bits|strategy|dynamic|symmetric|type)"
    + r"""["']?(?P<value>\w+)|"""
    + KEY % "(?P<side>weights|input_activations|output_activations|kv_cache_scheme)"
)
SIDES: dict[str, Side | None] = {
    "weights": "weights",
    "input_activations": "activations",
    "output_activations": None,
    "kv_cache_scheme": "cache",
}
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
    side: Side | None = "both"
    for number, text in enumerate(fence.text.split("\n"), fence.number):
        for match in SCHEME.finditer(text):
            if words := words_of(match["said"]):
                yield Precise(number, match[0], (), words, "both")
        for match in ARGUMENT.finditer(text):
            side = SIDES.get(match["side"], side)
            if match["key"] and side is not None:
                words = argument(match["key"], match["value"], side)
                yield from [Precise(number, match[0], (), words, side)] if words else []
    for match in IGNORE.finditer(fence.text):
        for place, entry in _entries(fence.text, match.end(), block="[" not in match[0]):
            number = fence.number + fence.text.count("\n", 0, place)
            yield Precise(number, entry, (entry,), frozenset({PLAIN}), "ignored")


def read_ignored(line: Line, label: str, value: str) -> Iterator[Precise]:
    """`Ignored layers: lm_head, re:.*mlp.gate$`; words that name nothing are left alone."""
    if not is_about("ignored", label):
        return
    for piece in re.split(r",\s+|;\s*|\s+(?:and|und)\s+", value):
        part = component(ARTICLES.sub("", re.sub(r"\(.*?\)", "", piece).strip(" .\"'")))
        for entry in [part] if part else _modules(piece):
            yield Precise(line.number, entry, (entry,), frozenset({PLAIN}), "ignored")


def _modules(text: str) -> list[str]:
    """The words of a text that can only be names of modules, or patterns of them."""
    found = [word.strip(" ,.()\"'") for word in text.split()]
    return [word for word in found if word.startswith(PATTERN) or re.search(r"\w[._]\w", word)]


def argument(key: str, value: str, side: Side) -> frozenset[str]:
    """The words that an argument of compressed-tensors stands for."""
    if key == "num_bits":
        return frozenset({f"{value} bits"} if value.isdigit() else ())
    if key == "type":
        return frozenset({value} & {"int", "float"})
    if key == "strategy":
        grain = {f"per {value.lower()}"} & {word for found in GRAINS.values() for word in found}
        return frozenset(grain)
    said = SAID.get(value.lower())
    if key == "dynamic":
        still = {"static"} if said is False and side in {"activations", "cache"} else ()
        return frozenset({"dynamic"} if said else still)
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
