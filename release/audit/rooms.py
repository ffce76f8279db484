"""GPU memory in which a card says that the model runs, where it names no GPU."""

import re
from collections.abc import Iterator

from release.audit.labels import pair
from release.audit.page import Line, sentences
from release.audit.places import machines
from release.audit.quantities import SIZE, UNITS, Figure, quantity
from release.audit.subjects import is_about
from release.audit.words import elsewhere

OF_GPU = r"(?: of)?(?: free| gpu| total)* ?-?(?:v-?ram|gpu memory|gpus?|(?:graphics )?cards?)\b"
FITS = r"(?:fits?|runs?|loads?|works?|served?) (?:\w+ ){0,3}?(?:in|on|into|within|with)"
NEEDS = r"(?:needs?|requires?|at least|minimum(?: of)?|you need)"
ROOM = re.compile(
    rf"\b(?:{FITS}|{NEEDS}) (?:\w+ ){{0,3}}?{SIZE.pattern}{OF_GPU}"
    rf"|\b(?:gpu|card) with (?:more than |at least "
    rf"|over )?{SIZE.pattern.replace('?P<', '?P<with_')}"
    r"(?: for the weights)",
    re.IGNORECASE | re.ASCII,
)
# Of several GPUs, of what is not the weights, of another build, or what does not work.
ELSEWHERE = elsewhere(
    *("original", "others", "models", "denied", "engines", "towers", "cache"),
    more=r"two|three|four|eight|per|each|multiple|tp|context|headroom|images?|bf16|version"
    r"|calibrat\w+|quantiz\w+ (?:it|took|needs)|train\w*|fine-?tun\w*|\d ?[x×]",
)
BINARY = {10**3: 2**10, 10**6: 2**20, 10**9: 2**30, 10**12: 2**40}


def read_rooms(line: Line) -> Iterator[Figure]:
    """Collect them; a GPU of 24 GB has 24 GiB."""
    for text in sentences(line.text) if not line.cells else ():
        bare = re.sub(r"\bwith a (?:short|small|tiny|minimal) context\b", "", text)
        if not ELSEWHERE.search(bare) and not machines(text):
            for match in ROOM.finditer(text):
                yield _figure(list(SIZE.finditer(match[0]))[-1], line.number)
    label, value = pair(line) or ("", "")
    if is_about("room", label) and not ELSEWHERE.search(value) and not machines(value):
        size = SIZE.match(re.sub(r"^\W+", "", value))
        yield from [_figure(size, line.number)] if size else []


def _figure(size: re.Match[str], number: int) -> Figure:
    unit = size["unit"]
    scale = BINARY.get(UNITS[unit], UNITS[unit])
    return Figure("room", "", quantity(size, scale), number, unit)
