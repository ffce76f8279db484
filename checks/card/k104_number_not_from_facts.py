"""A figure on the card is not what the checkpoint has.

What it checks: sizes of components and of all weights (GB is 10^9 bytes, GiB 2^30), parameters
    in all and at work on a token, files and shards, layers by kind, settings of config.json, shares
    of components, groups and blocks that share a scale, modules that are quantized, bits of a
    weight, bytes of KV cache for a token or for many, checksums of files, and how much smaller the
    model became, each against the fact it is about. A figure is right if the fact rounds to it, 1%
    (3% after `~`, 8% for ratios) either way for sizes.
Why it matters: people choose a GPU by these figures, before they download 25 GB.
How to fix: correct the figure, or let `release card` compute it.
Seen in: an FP8 card whose weight table sums to 29 GB for files of 30.4 GB; a 27B model listed as
    22B.
"""

import math
import re

from release.audit.checksums import Checksum
from release.audit.groups import written
from release.audit.page import Page
from release.audit.quantities import Figure
from release.audit.truths import Truth
from release.rules import Findings, Found, Where, rule
from release.units import binary_bytes, decimal_bytes, parameters

SLACKS = {"weights": 0.01, "component": 0.01, "parameters": 0.01, "ratio": 0.08}
SIZES = {"weights", "component", "room", "kv request"}
NAMES = {"ratio": "size against the original's", "bits": "bits of a parameter"}


@rule(since="0.1.0")
def check(page: Page, truths: tuple[Truth, ...], checksums: tuple[Checksum, ...]) -> Findings:
    """Report each figure that is in none of the ranges where it would be right."""
    for each in checksums:
        if each.true is not None and each.true != each.said:
            what = f"sha256 of {each.file}: the card says {each.said}, it is {each.true}"
            yield Found(Where(file=page.name, line=each.line), what, "correct it")
    for truth in truths:
        figure = truth.figure
        written = [each for each in (figure.quantity, figure.also) if each is not None]
        slack = SLACKS.get(figure.kind, 0.0)
        if not any(each.meets(*span, slack) for each in written for span in truth.right):
            right = " or ".join(dict.fromkeys(_span(figure, *span) for span in truth.right))
            what = f"{_subject(figure)}: the card says {figure.quantity.text}, it is {right}"
            yield Found(Where(file=page.name, line=figure.line), what, "correct the figure")


def _subject(figure: Figure) -> str:
    names = NAMES | {
        "kv token": f"KV cache of a token {figure.subject}".rstrip(),
        "layers": f"layers {figure.subject}".rstrip(),
        "parameters": f"{figure.subject} parameters".lstrip(),
        "group size": "group size",
        "share": f"share of {figure.subject}",
        "shards": "files of safetensors",
        "room": "GPU memory for the weights",
        "tensors": "tensors",
        "modules": f"modules of {figure.subject}",
        "scheme share": f"share of {figure.subject.replace('|', ' in ')}",
        "kv request": "cache of a sequence",
        "block": "block that shares a scale",
        "quantized": "quantized modules",
    }
    return names.get(figure.kind, figure.subject)


def _span(figure: Figure, low: float, high: float) -> str:
    if high == math.inf:
        return f"{_write(figure, low)} or more"
    first, last = _write(figure, low), _write(figure, high)
    return first if first == last else f"{first} to {last}"


def _write(figure: Figure, value: float) -> str:
    if figure.kind in SIZES or (figure.kind == "file" and figure.unit):
        write = binary_bytes if "i" in figure.unit else decimal_bytes
        return write(int(value))
    if figure.kind == "kv token":
        return f"{binary_bytes(int(value))} a token"
    if figure.kind == "parameters":
        return parameters(int(value))
    if figure.kind == "block":
        return written(value)
    text = re.sub(r"\.0$", "", f"{value:,.1f}")
    if figure.kind in {"ratio", "share", "scheme share"}:
        return f"{value:.1f}x" if figure.subject.endswith("times") else f"{text}%"
    return text
