"""Pictures as SVG that is legible on light and dark pages, with no fonts or scripts of its own."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any
from xml.sax.saxutils import escape

from release.fit.solve import Fit
from release.memory.answer import Holding
from release.tables import Reported, is_known
from release.units import decimal_bytes

# Okabe and Ito's colours: told apart by readers who do not see red and green as two.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8A8A8A")
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.quiet { fill: #59636e } .title { font-weight: 600; font-size: 15px }
.grid { stroke: #d1d9e0 } .edge { stroke: #ffffff } .page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .quiet { fill: #9198a1 }
  .grid { stroke: #3d444d } .edge { stroke: #0d1117 } .page { fill: #0d1117 }
}
</style>"""
WIDTH, ROW, LABEL = 760, 30, 170
LEGEND_TOP, LEGEND_ROW, LETTER = 46, 22, 7.4
PLOT_HEIGHT, PLOT_LEFT, PLOT_RIGHT = 300, 64, 24
SHORTEST = 1024  # tokens
POINTS = 48
NOT_STARTING = {False: " (does not start so)", None: " (may not start)"}

Point = tuple[float, float]  # tokens, requests


def weights_picture(facts: Reported) -> str | None:
    """Bytes by component, coloured by scheme; None where the weights are not known."""
    weights: Any = facts.get("weights")
    if not is_known(weights) or not weights["components"]:
        return None
    parts = weights["components"]
    schemes = list(dict.fromkeys(name for part in parts for name in part["schemes"]))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(schemes)}
    largest = max(part["bytes"] for part in parts)
    body = [_title("Weights by component and precision", decimal_bytes(weights["total_bytes"]))]
    legend, top = _legend(schemes, colour)
    for row, part in enumerate(parts):
        legend += _bar(part, top + row * ROW, largest, colour)
    return _svg(body + legend, top + len(parts) * ROW + 12)


def requests_picture(fits: Sequence[Fit]) -> str:
    """How many requests of each length fit, one line for each answer; both axes double.

    A line is for the least memory that there may be, the band above it for the most.
    """
    longest = max(fit.longest for fit in fits)
    ends = [
        (_line(fit, fit.answer.at_least, longest), _line(fit, fit.answer.at_most, longest))
        for fit in fits
    ]
    most = max((count for _, high in ends for _, count in high), default=1.0)
    body = [_title("Requests at once, by length", "tokens of each request, at most")]
    names = [_name(fit) for fit in fits]
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    legend, top = _legend(names, colour)
    scale = _Scale(max(longest, 2 * SHORTEST), max(most, 2.0), top)
    body += legend + scale.grid()
    for name, (low, high) in zip(names, ends, strict=True):
        if high != low:
            shape = scale.points(high) + scale.points(low or _floor(high))[::-1]
            body.append(
                f'<polygon points="{" ".join(shape)}" fill="{colour[name]}" opacity="0.2"/>'
            )
        if low:
            line = f'points="{" ".join(scale.points(low))}" fill="none"'
            body.append(f'<polyline {line} stroke="{colour[name]}" stroke-width="2.5"/>')
    return _svg(body, top + PLOT_HEIGHT + 40)


def _floor(line: Sequence[Point]) -> list[Point]:
    """The axis under a line."""
    return [(length, 1.0) for length, _ in line]


class _Scale:
    """Positions on the plot: tokens to the right, requests upwards, both logarithmic."""

    def __init__(self, longest: int, most: float, top: int) -> None:
        self.left, self.right = log2(SHORTEST), log2(longest)
        self.high, self.top = log2(most), top

    def x(self, length: float) -> float:
        span = WIDTH - PLOT_LEFT - PLOT_RIGHT
        return PLOT_LEFT + span * (log2(length) - self.left) / (self.right - self.left)

    def y(self, count: float) -> float:
        return self.top + PLOT_HEIGHT * (1 - log2(max(count, 1.0)) / self.high)

    def points(self, line: Sequence[Point]) -> list[str]:
        return [f"{self.x(length):.1f},{self.y(count):.1f}" for length, count in line]

    def grid(self) -> list[str]:
        bottom, found = self.top + PLOT_HEIGHT, []
        for power in range(int(self.left), int(self.right) + 1, 2):
            x, label = self.x(2**power), f"{2**power // 1024:,}K"
            ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{self.top}" y2="{bottom}"'
            found.append(f'<line class="grid" {ends}/>')
            found.append(_text(x, bottom + 20, label, "quiet", "middle"))
        step = max(1, int(self.high) // 6)
        for power in range(0, int(self.high) + 1, step):
            y = self.y(2**power)
            ends = f'x1="{PLOT_LEFT}" x2="{WIDTH - PLOT_RIGHT}"'
            found.append(f'<line class="grid" {ends} y1="{y:.1f}" y2="{y:.1f}"/>')
            found.append(_text(PLOT_LEFT - 8, y + 4, f"{2**power:,}", "quiet", "end"))
        return found


def _line(fit: Fit, held: Holding, longest: int) -> list[Point]:
    steps = log2(max(longest, 2 * SHORTEST) / SHORTEST) / POINTS
    lengths = [round(SHORTEST * 2 ** (steps * i)) for i in range(POINTS + 1)]
    if SHORTEST < held.longest_request < longest:
        lengths = sorted({*lengths, held.longest_request})
    return [(length, count) for length in lengths if (count := fit.held(held, length))]


def _name(fit: Fit) -> str:
    gpu = fit.question.gpu
    where = gpu.name if gpu else "available memory as given"
    ranks = fit.settled.serving.tensor_parallel_size
    many = f"{ranks} x " if ranks > 1 else ""
    label = f"{fit.question.label}, " if fit.question.label else ""
    name = f"{label}{many}{where}, {fit.settled.serving.kv_cache_dtype} KV cache"
    return name + NOT_STARTING.get(fit.answer.starts, "")


def _bar(part: Mapping[str, Any], y: int, largest: int, colour: Mapping[str, str]) -> list[str]:
    body = [_text(LABEL - 10, y + 19, part["name"], "", "end")]
    span, x = WIDTH - LABEL - 110, float(LABEL)
    for scheme, size in part["schemes"].items():
        width = span * size / max(largest, 1)
        rect = f'x="{x:.1f}" y="{y + 4}" width="{max(width, 1):.1f}" height="{ROW - 8}"'
        hint = escape(f"{part['name']}, {scheme}: {decimal_bytes(size)}")
        body.append(
            f'<rect class="edge" {rect} fill="{colour[scheme]}"><title>{hint}</title></rect>'
        )
        x += width
    body.append(_text(x + 8, y + 19, decimal_bytes(part["bytes"]), "quiet"))
    return body


def _legend(names: Sequence[str], colour: Mapping[str, str]) -> tuple[list[str], int]:
    """The legend in as many rows as it takes, and where what is below it starts."""
    body, x, y = [], 16.0, LEGEND_TOP
    for name in names:
        width = 40 + LETTER * len(name)
        if x + width > WIDTH and x > 16:  # noqa: PLR2004 - the margin
            x, y = 16.0, y + LEGEND_ROW
        body.append(f'<rect x="{x:.1f}" y="{y}" width="12" height="12" fill="{colour[name]}"/>')
        body.append(_text(x + 18, y + 11, name))
        x += width
    return body, y + 30


def _title(text: str, beside: str) -> str:
    return _text(16, 28, text, "title") + _text(WIDTH - 16, 28, beside, "quiet", "end")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {where}{style}>{escape(text)}</text>"


def _svg(body: Sequence[str], height: int) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    # A page of its own: a site may be dark where the system is light.
    lines = "\n".join([f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>', *body])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{STYLE}\n{lines}\n</svg>\n'
