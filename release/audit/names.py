"""Names that a card takes from config.json: formats of compressed-tensors, model classes."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from release.audit.files import NAME as FILE
from release.audit.files import SIZES
from release.audit.labels import pair
from release.audit.makers import read_makers
from release.audit.page import Line, Page, statements
from release.audit.precise import UNSURE
from release.audit.prose import FAMILIES
from release.quantization.config import DENSE, FORMATS, MIXED

# The others are words of people as well.
TELLING = "|".join(sorted(FORMATS - {DENSE, MIXED}, key=lambda name: -len(name)))
FORMAT = re.compile(rf"(?<![\w-])(?P<name>{TELLING})(?![\w-])")
CLASS = re.compile(
    r"(?<![\w.])(?P<name>(?!Auto)[A-Z]\w+For(?:CausalLM|ConditionalGeneration|ImageTextToText))(?!\w)"
)
# Methods of llm-compressor, each a modifier of a recipe.
METHODS = {
    name.lower(): name for name in ("GPTQ", "AWQ", "AutoRound", "SmoothQuant", "SpinQuant", "QuIP")
}
_METHOD = "|".join(METHODS)
METHOD = re.compile(
    rf"\b(?:quanti[sz]ed|produced|made|created) (?:with|using|by|via)(?: the)? "
    rf"(?P<name>{_METHOD})\b"
    rf"|\b(?:method|algorithm)\W{{1,4}}(?P<told>{_METHOD})\b",
    re.IGNORECASE,
)
FILES = re.compile(r"files?(?: ?names?)?", re.IGNORECASE)
SHARD, BYTES = re.compile(r"-\d{5}-of-\d{5}\."), re.compile(r"\d{1,3}(?:,\d{3})+")
ARCHITECTURE = re.compile(r"(?:(?:model|network|base) )?(?:architecture|family)", re.IGNORECASE)
FAMILY = re.compile(rf"(?P<name>{'|'.join(FAMILIES)})(?:[ -]?[\d.]+)?(?: MoE)?", re.IGNORECASE)
LABEL = re.compile(r"\b(?:architectures?|(?:model )?class)\b", re.IGNORECASE)

Kind = Literal["format", "class", "family", "method", "tool", "file"]


class Name(msgspec.Struct, frozen=True):
    """A name, and what it is one of."""

    kind: Kind
    name: str
    line: int


def provide_names(page: Page) -> tuple[Name, ...]:
    """Collect them; a class counts only where it is called the architecture.

    A method counts where the card says that the model was quantized with it, a tool where the
    files are said to be in its format.
    """
    found = [name for line in statements(page) for name in _read(line)]
    found += _families(page)
    known = {(name.name, name.line) for name in found}
    tools = (Name("tool", *each) for each in read_makers(page) if each not in known)
    return (*found, *dict.fromkeys(tools))


def _families(page: Page) -> Iterator[Name]:
    """`Architecture: Mistral`; some are known by other names than their class has."""
    own = f"{page.title} {page.fields.get('base_model', '')}".lower()
    for line in statements(page):
        label, value = pair(line) or ("", "")
        word = FAMILY.fullmatch(value.strip()) if ARCHITECTURE.fullmatch(label.strip()) else None
        if word and word["name"].lower() not in own:
            yield Name("family", word["name"], line.number)


def _read(line: Line) -> Iterator[Name]:
    if line.cells and FILES.fullmatch(line.heads[0].strip() if line.heads else ""):
        file = line.cells[0].strip()
        # `model.safetensors` also stands for all of its shards.
        exact = SHARD.search(file) or any(map(BYTES.fullmatch, line.cells))
        if exact and FILE.fullmatch(file) and any(map(SIZES.search, line.heads)):
            yield Name("file", file, line.number)
    text = " | ".join(line.cells) if line.cells else line.text
    if UNSURE.search(text) or "e.g." in text:
        return
    for match in FORMAT.finditer(text):
        yield Name("format", match["name"], line.number)
    for match in CLASS.finditer(text) if LABEL.search(text) else ():
        yield Name("class", match["name"], line.number)
    for match in METHOD.finditer(text):
        name = METHODS[(match["name"] or match["told"]).lower()]
        yield Name("method", name, line.number)
