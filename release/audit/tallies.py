"""What tables like those of `release tables` count: modules, shares, costs of a cache."""

import re
from collections.abc import Iterator

from release.audit.page import Line
from release.audit.quantities import COUNT, NUMBER, STEPS, UNITS, Figure, percent, quantity, whole
from release.audit.schemes import words_of
from release.audit.subjects import component
from release.audit.words import words

BETWEEN = "|"  # the parts of a subject
# `mlp.down_proj ×64`, `Norms ×161`
TIMES = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z][\w.]*[._]\w+|Vision tower|Audio tower|MTP head|Norms)"
    r"\s?[×x]\s?(?P<number>\d{1,6})(?![\w.,]\w|\w)",
    re.ASCII,
)
MODULES = re.compile(r"(?:(?:quantized|number of|#|linear)\s*)*(?:modules|linears)", re.IGNORECASE)
OF_SCHEME = re.compile(rf"(?P<scheme>[A-Za-z]\w{{2,24}})\s+{NUMBER}\s*%", re.ASCII)
DTYPE = re.compile(r"(?:fp8|bfloat16|float16|bf16|fp16)(?:_e\dm\d)?", re.IGNORECASE)
SIZE = re.compile(rf"{NUMBER}\s?(?P<unit>GiB|MiB|KiB|GB|MB|kB|KB|B)", re.ASCII)
TOKEN = re.compile(r"(?:bytes |kv |cache )?(?:per|a|/) ?token", re.IGNORECASE)
FIXED = re.compile(r"per sequence,? fixed|state(?: per sequence)?", re.IGNORECASE)
REQUEST = re.compile(rf"one (?:request|sequence) of {COUNT.pattern} tokens", re.IGNORECASE)
HUB = re.compile(
    rf"\b(?:page|hub)\b[^.;]{{0,80}}?\b(?:shows?|counts?) (?:it as )?{COUNT.pattern}"
    r"(?=\s?param|[.,;)]|$)",
    re.IGNORECASE,
)
ORIGINAL = re.compile(words("elsewhere")["original"], re.IGNORECASE)


def read_tallies(line: Line) -> Iterator[Figure]:
    """Collect them, from rows and from text."""
    for match in TIMES.finditer(line.text):
        yield Figure("modules", match["name"], whole(match["number"]), line.number)
    for match in HUB.finditer(line.text):
        yield Figure("parameters", "hub", quantity(match, STEPS[match["unit"]]), line.number)
    if not line.cells:
        return
    label = line.cells[0].strip()
    part, scheme = component(label), bool(words_of(label))
    for head, cell in zip(line.heads[1:], line.cells[1:], strict=False):
        if scheme and MODULES.fullmatch(head.strip()) and re.fullmatch(r"[\d,]{1,9}", cell):
            yield Figure("modules", label, whole(cell.replace(",", "")), line.number)
        if part and not ORIGINAL.search(head):
            for match in OF_SCHEME.finditer(cell):
                subject = f"{part}{BETWEEN}{match['scheme']}"
                yield Figure("scheme share", subject, percent(match), line.number)
        if DTYPE.fullmatch(label) and (size := SIZE.fullmatch(cell.strip())):
            yield from _of_cache(line.number, label, head, size)


def _of_cache(number: int, label: str, head: str, size: re.Match[str]) -> Iterator[Figure]:
    found = quantity(size, UNITS[size["unit"]])
    unit = "KiB" if size["unit"] == "B" else size["unit"]
    dtype = "fp8" if "8" in label else "bfloat16"
    if TOKEN.fullmatch(head.strip()):
        yield Figure("kv token", "fp8" if dtype == "fp8" else "16 bits", found, number, unit)
    elif FIXED.fullmatch(head.strip()):
        yield Figure("kv request", f"{dtype}{BETWEEN}0", found, number, unit)
    elif request := REQUEST.fullmatch(head.strip()):
        tokens = quantity(request, STEPS[request["unit"]]).value
        yield Figure("kv request", f"{dtype}{BETWEEN}{int(tokens)}", found, number, unit)
