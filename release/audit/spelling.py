"""Names on a card that are those of the checkpoint but for one letter."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from release.architecture import ModelConfig
from release.architecture.numbering import pattern_of
from release.audit.page import Page, statements
from release.checkpoint import Checkpoint
from release.facts.modules import Modules
from release.memory.known_options import every_option
from release.quantization.config import FORMATS, GROUP_KEYS, KEYS, ROOT
from release.unknown import Unknown

APART = re.compile(r"[._-]")
NAME = re.compile(r"(?<![\w./:@-])[A-Za-z]\w*(?:[._-]\w+)+(?![\w/@-])", re.ASCII)
CLASS = re.compile(r"(?<![\w.])[A-Z]\w+For[A-Z]\w+", re.ASCII)
OPTION = re.compile(r"(?<![\w-])--[a-z]\w*(?:-\w+)+(?![\w-])", re.ASCII)
SHORTEST = 4  # letters of a part in which a slip is no other name: q_proj and k_proj both are
CODE = {"", "yaml", "yml", "json", "text"}

Slip = tuple[str, str, int]  # what stands there, what it is nearly, and the line


class Slips(msgspec.Struct, frozen=True):
    """All of them."""

    found: tuple[Slip, ...] = ()


def provide_slips(
    page: Page, checkpoint: Checkpoint, config: ModelConfig, modules: Modules | Unknown
) -> Slips:
    """Compare every name of a card with those of the files, of config.json and of vLLM."""
    known = {*_keys(config.raw), *KEYS, *GROUP_KEYS, *FORMATS, *checkpoint.files}
    known |= {name.lstrip("-") for name in every_option()}
    known |= {name.replace("-", "_") for name in known}
    if not isinstance(modules, Unknown):
        patterns = {pattern_of(module.name) for module in modules}
        known |= {part for name in patterns for part in _ends(name)}
    if config.architecture:
        known.add(config.architecture)
    alike: defaultdict[int, list[list[str]]] = defaultdict(list)
    for name in sorted(known):
        alike[len(APART.split(name))].append([name, *APART.split(name)])
    found = []
    for number, text in _lines(page):
        # A command is tried whole.
        options = OPTION.finditer(text) if "vllm serve" not in text else ()
        for match in (*NAME.finditer(text), *CLASS.finditer(text), *options):
            word = match[0].lstrip("-")
            if word in known or word.replace("-", "_") in known:
                continue
            parts = APART.split(word)
            near = next((e[0] for e in alike[len(parts)] if _is_slip(parts, e[1:])), None)
            if near is not None:
                found.append((word, near, number))
    return Slips(tuple(dict.fromkeys(found)))


def _lines(page: Page) -> Iterator[tuple[int, str]]:
    for line in statements(page):
        yield line.number, " | ".join(line.cells) if line.cells else line.text
    for fence in page.fences:
        if fence.language in CODE:
            yield from enumerate(fence.text.split("\n"), fence.number)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != ROOT or isinstance(inner, dict):
                yield str(key)
                yield from _keys(inner)


def _ends(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[first:]) for first in range(len(parts)))


def _is_slip(written: list[str], known: list[str]) -> bool:
    differ = [pair for pair in zip(written, known, strict=True) if pair[0] != pair[1]]
    return len(differ) == 1 and _one_letter(*differ[0])


def _one_letter(one: str, other: str) -> bool:
    """Whether a letter is too much, missing, another or in the wrong place; plurals are words."""
    if min(len(one), len(other)) < SHORTEST or one.lower() == other.lower():
        return False
    if f"{one}s" == other or f"{other}s" == one:
        return False
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    at = min(len(one), len(other)) if first is None else first
    a, b = one[at:], other[at:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    # `batch` for `patch` and `test` for `text` are words of their own.
    other_one = a[1:] == b[1:] and len(one) > SHORTEST
    slip = a[1:] == b or a == b[1:] or other_one or swapped
    return slip and at > 0 and (a[:1] + b[:1]).isalpha()
