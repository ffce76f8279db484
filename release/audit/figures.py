"""Figures on a card that a fact answers: sizes of weights and caches, parameters, settings."""

import re
from collections.abc import Iterator

import msgspec

from release.audit.amounts import read_amounts
from release.audit.asides import asides
from release.audit.caches import read_rates
from release.audit.columns import read_columns
from release.audit.files import read_files, read_shards, read_tensors
from release.audit.groups import read_groups
from release.audit.labels import pair
from release.audit.layers import read_layers
from release.audit.page import Line, Page, sentences, statements
from release.audit.parameters import read_labelled, read_parameters
from release.audit.places import machines
from release.audit.prose import CONTEXT, foreign_to, of_others, read_prose
from release.audit.quantities import NUMBER, Figure, quantity, whole
from release.audit.rooms import read_rooms
from release.audit.settings import read_heads, read_keys, read_labelled_settings
from release.audit.sizes import read_sizes
from release.audit.spelt import in_digits
from release.audit.subjects import is_about
from release.audit.tallies import read_tallies

SIZED = re.compile(r"\b[A-Z][\w.]*-(\d+(?:\.\d+)?B(?:-A\d+B)?)\b")  # `Qwen3.5-397B-A17B`
RATIO = re.compile(NUMBER + r"\s*(?P<unit>[x×%]|:\s*1\b|$)")
BITS = re.compile(r"(?P<about>~)?(?P<number>\d{1,2}(?:\.\d{1,3})?)(?:\s*bits?)?")
MODULES = re.compile(
    r"(?:quantized|quantised) (?:linear )?(?:layers|modules|linears|tensors)", re.IGNORECASE
)
# Of all precisions: a scheme of several has a number of each.
LINEARS = re.compile(
    r"(?<![\w.,/-])(?:(?P<number>\d{1,6}) quanti[sz]ed linear (?:layers|modules)\b"
    r"|(?P<of>\d{1,6}) (?:out )?of (?:the |all )?\d{1,6} linear (?:layers|modules) (?:are"
    r"|were) quanti[sz]ed)",
    re.IGNORECASE,
)


def provide_figures(page: Page) -> tuple[Figure, ...]:
    """Collect them, line by line: from code what recipes say of groups."""
    other, foreign = of_others(page), foreign_to(page)
    own_sizes = frozenset(SIZED.findall(page.title))
    lines = (_own(line, foreign, own_sizes) for line in statements(page))
    found = [figure for line in lines for figure in _read(line, other)]
    found += read_columns(page)
    for fence in page.fences:
        for number, text in enumerate(fence.text.split("\n"), fence.number):
            found += read_groups(number, text)
    elsewhere = asides(page)
    found = [each for each in found if each.subject != CONTEXT or each.line not in elsewhere]
    once: dict[tuple[str, str, int, float], Figure] = {}
    for each in found:
        once.setdefault((each.kind, each.subject, each.line, each.quantity.value), each)
    return tuple(once.values())


def _own(line: Line, foreign: re.Pattern[str], sizes: frozenset[str]) -> Line:
    """The line without the sentences that are about other models, by their names or sizes."""
    if line.cells:
        return line
    own = [
        text
        for text in sentences(line.text)
        if not foreign.search(text) and not (sizes and set(SIZED.findall(text)) - sizes)
    ]
    return msgspec.structs.replace(line, text=" ".join(own))


def _read(line: Line, other: re.Pattern[str]) -> Iterator[Figure]:
    line = msgspec.structs.replace(line, text=in_digits(line.text))
    if not any(map(str.isdigit, line.text)):
        return
    yield from read_rates(line)
    yield from read_sizes(line)
    yield from read_amounts(line)
    yield from read_parameters(line)
    yield from read_layers(line)
    yield from read_rooms(line)
    yield from read_files(line)
    yield from read_shards(line)
    yield from read_tensors(line)
    yield from read_tallies(line)
    yield from _modules(line)
    yield from read_groups(line.number, line.text)
    labelled = pair(line)
    stated = labelled and not machines(line.text)
    settings = [*read_labelled_settings(line.number, *labelled)] if labelled and stated else []
    yield from settings
    known = {figure.subject for figure in settings}
    yield from (figure for figure in read_prose(line, other) if figure.subject not in known)
    if not other.search(line.text):
        yield from read_keys(line.number, line.text)
        yield from read_heads(line.number, line.text)
    if labelled:
        yield from _stated(line.number, *labelled)


def _modules(line: Line) -> Iterator[Figure]:
    """`14 FP8 linear layers`, `14 of the 15 linear layers are quantized`."""
    for match in LINEARS.finditer(line.text):
        yield Figure("quantized", "", whole(match["number"] or match["of"]), line.number)


def _stated(number: int, label: str, value: str) -> Iterator[Figure]:
    """What a label says of the whole model: `Parameters: 27B`, `Compression: 2.2x`."""
    yield from read_labelled(number, label, value)
    if is_about("ratio", label) and (ratio := RATIO.match(value)):
        about = "about " if "reduc" in label.lower() or "sav" in label.lower() else ""
        kind = "percent" if ratio["unit"] == "%" else "times"
        yield Figure("ratio", f"{about}{kind}", quantity(ratio, 1), number)
    if is_about("bits", label) and (bits := BITS.fullmatch(value.strip())):
        yield Figure("bits", "", quantity(bits, 1), number)
    if MODULES.fullmatch(label.strip()) and re.fullmatch(r"\d[\d,]{0,7}", value.strip()):
        yield Figure("quantized", "", whole(value.strip().replace(",", "")), number)
