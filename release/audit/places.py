"""Which GPU a line of a card is about."""

import re
from functools import cache

import msgspec

from release.errors import ReleaseError
from release.memory.gpus import Gpu, all_gpus, find_gpu

SEVERAL = re.compile(r"(?:(\d+)\s*[x×]\s*|(?:dual|two)\s+)$", re.IGNORECASE)


class Machine(msgspec.Struct, frozen=True):
    """One GPU or several of a kind."""

    gpu: Gpu
    count: int

    @property
    def kind(self) -> tuple[str, int]:
        """What makes two of them the same: which GPU, and how many."""
        return self.gpu.name, self.count


def machines(text: str) -> list[Machine]:
    """Every GPU that a text names, in its order; names that fit several GPUs are left out."""
    found = []
    for match in _names().finditer(text):
        gpu = _gpu(match[0]) or _gpu(match["name"])
        if gpu is None:
            continue
        before = SEVERAL.search(text[: match.start()])
        count = int(before[1] or 2) if before else 1
        found.append(Machine(gpu, count))
    return found


def _gpu(name: str) -> Gpu | None:
    try:
        return find_gpu(name)
    except ReleaseError:
        return None


@cache
def _names() -> re.Pattern[str]:
    """Names and aliases; for `RTX 5090` also `5090`, which is nothing else on a card."""
    names = {alias for gpu in all_gpus() for alias in (gpu.name, *gpu.aliases)}
    names |= {name.removeprefix("RTX ") for name in names if re.match(r"RTX \d{4}( |$)", name)}
    words = [r"[ -]?".join(map(re.escape, re.split("[ -]+", name))) for name in names]
    parts = "|".join(sorted(words, key=lambda word: -len(word)))
    size = r"(?:[ (-]+\d{2,3}\s?GB\b)?"
    return re.compile(rf"(?<![\w.,-])(?P<name>{parts})(?![\w]){size}", re.IGNORECASE)
