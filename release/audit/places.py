"""Which GPU a line of a card is about."""

import re
from functools import cache
from itertools import pairwise

import msgspec

from release.errors import ReleaseError
from release.memory.gpus import COUNTS, Gpu, all_gpus, find_gpu
from release.units import GIB

BEGINS = re.compile(r"\W*(?:(?:an?|one|the|on|with|your)\s+){0,2}(?:NVIDIA\s+)?", re.IGNORECASE)
SEVERAL = re.compile(
    rf"(?:(?P<times>\d{{1,3}})\s*[x×]\s*|(?P<word>{'|'.join(COUNTS)})\s+(?:NVIDIA\s+)?)$",
    re.IGNORECASE,
)
MANY = re.compile(r"(?<![\w.,])(?P<times>\d{1,3})\s+(?:NVIDIA\s+)?$", re.IGNORECASE)


STRANGER = re.compile(
    r"(?<![\w./-])(?:(?:RTX(?: PRO)?|GTX|Radeon(?: RX)?|Arc) ?[A-Z]?\d{3,5}(?: ?(?:Ti|SUPER|D))?"
    r"|(?:NVIDIA |AMD )[A-Z]{1,2}\d{2,4}[A-Z]?)(?![\w./-])"
)
SMALL = 15 * GIB


class Machine(msgspec.Struct, frozen=True):
    """One GPU or several of a kind."""

    gpu: Gpu
    count: int

    @property
    def kind(self) -> tuple[str, int]:
        """What makes two of them the same: which GPU, and how many."""
        return self.gpu.name, self.count


def machines(text: str) -> list[Machine]:
    """Every GPU that a text names, in its order.

    Names that fit several GPUs are left out, and plurals that nobody counted.
    """
    found = []
    for match in _names().finditer(text):
        gpu = _gpu(match[0]) or _gpu(match["name"])
        before = text[: match.start()]
        several = SEVERAL.search(before) or (MANY.search(before) if match["plural"] else None)
        if gpu is None or (match["plural"] and not several):
            continue
        found.append(Machine(gpu, _count(several) if several else 1))
    return found


def strangers(text: str) -> list[str]:
    """What is named as GPUs are, and is none that is known: `RTX 6090`."""
    known = gpu_spans(text)
    return [
        match[0]
        for match in STRANGER.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in known)
    ]


def gpu_spans(text: str) -> list[tuple[int, int]]:
    """Where a text names GPUs, from the first character to the one behind the last."""
    return [match.span() for match in _names().finditer(text)]


def apart(text: str) -> list[str]:
    """What a sentence says of each GPU, where it begins with one and goes on with others."""
    starts = [match.start() for match in _names().finditer(text)]
    if len(starts) < 2 or not BEGINS.fullmatch(text[: starts[0]]):  # noqa: PLR2004
        return [text]
    return [text[begin:end] for begin, end in pairwise([0, *starts[1:], len(text)])]


def _count(several: re.Match[str]) -> int:
    said = several.groupdict()
    return int(said["times"]) if said["times"] else COUNTS[said["word"].lower()]


def _gpu(name: str) -> Gpu | None:
    try:
        return find_gpu(name)
    except ReleaseError:
        return None


@cache
def _names() -> re.Pattern[str]:
    """Names and aliases; for `RTX 5090` also `5090`, which is nothing else on a card.

    That is not so of smaller GPUs: 3060 may be a number of samples.
    """
    names = {alias: gpu for gpu in all_gpus() for alias in (gpu.name, *gpu.aliases)}
    names |= {
        name.removeprefix("RTX "): gpu
        for name, gpu in names.items()
        if gpu.low > SMALL and re.match(r"RTX \d{4}( |$)", name)
    }
    words = [r"[ -]?".join(map(re.escape, re.split("[ -]+", name))) for name in names]
    parts = "|".join(sorted(words, key=lambda word: -len(word)))
    size = r"(?:[ (-]+\d{2,3}\s?GB\b)?"
    return re.compile(rf"(?<![\w.,-])(?P<name>{parts})(?P<plural>s?)(?![\w]){size}", re.IGNORECASE)
