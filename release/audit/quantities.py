"""Numbers as people write them on cards: 25.18 GB, ~23.7 GiB, 262,144, 131K, 27B."""

import math
import re
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

DECIMAL = {
    "B": 1,
    "bytes": 1,
    "kB": 10**3,
    "KB": 10**3,
    "kb": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}
DECIMAL |= {"mb": 10**6, "gb": 10**9, "gigs": 10**9, "tb": 10**12}
UNITS = DECIMAL | {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
STEPS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
STEPS |= {"million": 10**6, "billion": 10**9, "trillion": 10**12, "Mio.": 10**6, "Mrd.": 10**9}
STEPS |= {"Millionen": 10**6, "Milliarden": 10**9, "Billionen": 10**12}
STEPS |= {"万": 10**4, "만": 10**4, "亿": 10**8, "億": 10**8, "억": 10**8}
ABOUT = r"(?P<about>[~≈]\s*|(?:about|around|approx\.?|approximately|roughly|etwa|rund|ca\.)\s+"
ABOUT += r"|[约約약]\s*)?"
NUMBER = ABOUT + r"(?P<number>\d(?:[\d,]{0,20}\d)?(?:\.\d{1,12})?)"
SIZE = re.compile(
    # Of these cases only, whatever a pattern around it ignores; a rate of bytes is no size.
    rf"(?<![\w.,/-]){NUMBER}\s*-?(?P<unit>(?-i:TiB|GiB|MiB|KiB|TB|GB|MB|[kK]B|bytes|gigs|[kmgt]b"
    r"|B(?=\s*(?:/|per )\s*tok)))(?P<rate>\s*(?:/|per )\s*tok(?:en)?s?)?\b(?!\s?/\s?s\b)",
    re.ASCII,
)
UNIT = "|".join(re.escape(unit) for unit in sorted(STEPS, key=lambda unit: -len(unit)))
COUNT = re.compile(rf"(?<![\w.,/$-]){NUMBER}\s?(?P<unit>(?-i:{UNIT}))(?![\w%]|[.,]\d)", re.ASCII)
ROUGH = 0.03  # what "about" may hide
HALF = 0.501
TENTH = Decimal("0.5")
NAMESAKE = 0.03  # what the name of a model hides: 7B is said of 7.6 billion parameters

Kind = Literal[
    "weights",
    "component",
    "kv token",
    "parameters",
    "setting",
    "layers",
    "group size",
    "block",
    "quantized",
    "share",
    "room",
    "file",
    "shards",
    "tensors",
    "modules",
    "scheme share",
    "kv request",
    "ratio",
    "bits",
]


class Quantity(msgspec.Struct, frozen=True):
    """A number with what it rounds to: `low` and `high` are the ends of what it may stand for."""

    text: str
    value: float
    low: float
    high: float

    def meets(self, low: float, high: float, slack: float = 0.0) -> bool:
        """Whether a true value between these would be written so."""
        return self.low * (1 - slack) <= high and low <= self.high * (1 + slack)


class Figure(msgspec.Struct, frozen=True):
    """A number that a fact answers. `subject` says which: a component, a setting, a KV dtype."""

    kind: Kind
    subject: str
    quantity: Quantity
    line: int
    unit: str = ""
    also: Quantity | None = None


def quantity(match: re.Match[str], scale: int) -> Quantity:
    """Take a number apart: the last digit written says how exact it is."""
    number = _decimal(match["number"])
    digits = Decimal(number)
    _, _, fraction = number.partition(".")
    step = Decimal(1).scaleb(-len(fraction))
    value = float(digits) * scale
    about = ROUGH * value if match["about"] else 0.0
    # 262K is written for 262,144 and for 262,000; 256K also where K is 1,024.
    half = max(float(step * TENTH) * scale, about)
    if scale == 1 and not fraction and not match["about"]:
        half = 0.0
    return Quantity(_text(match), value, value - half, value + half)


def percent(match: re.Match[str]) -> Quantity:
    """Percents; whole ones are rounded."""
    found = quantity(match, 1)
    whole_one = found.low == found.high
    return replace(found, low=found.low - HALF, high=found.high + HALF) if whole_one else found


def _text(match: re.Match[str]) -> str:
    """The number as it is written, with its unit, of a longer text."""
    parts = [name for name in ("number", "unit", "rate") if match.groupdict().get(name)]
    first = match.start("about" if match["about"] else "number")
    return match.string[first : max(map(match.end, parts))].strip()


def by_name(match: re.Match[str]) -> Quantity:
    """A number of parameters; one without a fraction may be the model's name."""
    found = quantity(match, STEPS[match["unit"]])
    if "." in found.text:
        return found
    return Quantity(
        found.text, found.value, found.low * (1 - NAMESAKE), found.high * (1 + NAMESAKE)
    )


def at_least(found: Quantity) -> Quantity:
    """A number of which there may be more."""
    return Quantity(found.text, found.value, found.low, math.inf)


def _decimal(number: str) -> str:
    """`25,2` has a decimal comma, `262,144` has none."""
    part = re.fullmatch(r"(\d+),(\d{1,2})", number)
    return f"{part[1]}.{part[2]}" if part else number.replace(",", "")


def ungrouped(text: str) -> str:
    """Whole numbers without what parts their thousands elsewhere: `248 320`, `248.320`."""
    return re.sub(r"(?<=\d)[ \u00a0\u202f.'](?=\d{3}(?!\d))", "", text)


def whole(text: str) -> Quantity:
    """A number of things, which is rounded to nothing."""
    return Quantity(text, int(text), int(text), int(text))


def binary(match: re.Match[str]) -> Quantity | None:
    """The same number where K means 1,024, as in a context of 128K, and M its square."""
    step = {"k": 1 << 10, "K": 1 << 10, "M": 1 << 20}.get(match["unit"])
    if step is None:
        return None
    value = float(_decimal(match["number"])) * step
    return Quantity(match[0].strip(), value, value, value)
