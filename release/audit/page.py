"""A model card as lines: what is said where, under which heading, in which cell of which table."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import msgspec

from release.audit.rows import Row, Rows
from release.audit.unseen import seen
from release.errors import ReleaseError
from release.front_matter import split_card
from release.unknown import Unknown

LONGEST = 4000  # characters of a line that are read: claims of people are shorter
CARD_CAP = 2 << 20  # characters of a card
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`]*")
HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*")
FIRST = re.compile(r"\s*<h1\b[^>]*>(.*?)</h1>\s*", re.IGNORECASE)
UNDER = re.compile(r" {0,3}={3,}\s*")  # below a heading of the first kind
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+[^)]*)?\)"
)
MARKS = re.compile(r"(?<!\\)(\*\*|__|`+|\*(?=\S)|(?<=\S)\*(?!\*))|</?[A-Za-z][^<>]*>|<!--.*?-->")
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
PIECES = re.compile(r"<br\s*/?>|\s[·•|]\s", re.IGNORECASE)
# `Experts: NVFP4; router: BF16`: what begins like a first label is one more.
LABELS = re.compile(r"\W*(?P<label>[\w /,*&-]{1,60}?)\s*(?:[:=]|->|\u2192)\s*\S")
NEXT = re.compile(
    r"(?:;|\.)\s+(?=[*_`]*[^\W\d][\w /.,*&-]{0,60}\s*(?:[:=]|->|\u2192)\s*\S)"
    r"|,\s+(?=[*_`]*[^\W\d][\w /.*&-]{0,31}\s*(?:[:=]|->|\u2192)\s*\S)"
)
# Letters, digits and signs of full width are read as those of a Western keyboard.
WIDTHS = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
WIDTHS |= {0x3000: " ", 0x3001: ", ", 0x3002: ". ", 0xFF0C: ", ", 0xFF1A: ": ", 0xFF1B: "; "}
# `权重:FP8,激活:INT8`: where no spaces are written, none stand behind a colon.
TIGHT = re.compile(
    r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])([:,])(?=[^\s\d/])|([:,])(?=[\u3400-\u9fff])"
)
# `- 📦 Size: 25 GB`: a picture before a label is none of its words.
PICTURE = re.compile(
    r"^(\s*(?:[-*+]\s+)?)(?:[\u2190-\u21ff\u2300-\u2bff\U0001f000-\U0001faff]\ufe0f?\s*)+"
)
SPACES = dict.fromkeys((0xA0, 0x2009, 0x202F), " ")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
SENTENCE = re.compile(r"(?<=[.;])\s+")
CELLS = re.compile(r"(?<!\\)\|")


class Line(msgspec.Struct, frozen=True):
    """A line of text outside code: `text` as it is read, links and emphasis taken out.

    `cells` are those of a table's row, `heads` the titles above them; `source` is all of a line
    that was taken apart at its dots.
    """

    number: int
    text: str
    heading: str = ""
    cells: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    source: str = ""


class Fence(msgspec.Struct, frozen=True):
    """A block of code; `number` is its first line."""

    number: int
    language: str
    text: str
    heading: str = ""


class Page(msgspec.Struct, frozen=True):
    """A card. `header` is its YAML, None where there is none, a text where it cannot be read.

    `title` is the first heading of the text, "" where there is none.
    """

    name: str
    text: str
    header: dict[str, Any] | str | None
    lines: tuple[Line, ...]
    fences: tuple[Fence, ...]
    title: str = ""
    title_line: int = 1

    @property
    def fields(self) -> dict[str, Any]:
        """The header's values; none where it cannot be read."""
        return self.header if isinstance(self.header, dict) else {}

    def line_of(self, key: str) -> int:
        """The line of a key of the header; the header's first where it has none."""
        return self.text.count("\n", 0, max(self.text.find(f"\n{key}:"), 0)) + 2

    def line_with(self, key: str, value: str) -> int:
        """The line of a value that stands below a key of the header, or beside it."""
        lines = self.text.split("\n")
        below = range(self.line_of(key) - 1, len(lines))
        return next((at + 1 for at in below if value in lines[at]), self.line_of(key))


def read_page(name: str, text: str) -> Page:
    """Read a card, Markdown or what was copied from a rendered page.

    Raises `ReleaseError` where it is too long for one.
    """
    if len(text) > CARD_CAP:
        raise ReleaseError(f"has {len(text):,} characters, more than a card", where=name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front, body = split_card(text)
    first = text.count("\n") - body.count("\n") + 1
    reader = _Reader()
    for number, line in enumerate(body.split("\n"), first):
        reader.take(number, seen(line[:LONGEST]))
    reader.close()
    header = _header(front) if front is not None else None
    lines, fences = tuple(reader.lines), tuple(reader.fences)
    return Page(name, text, header, lines, fences, *reader.title)


def _header(text: str) -> dict[str, Any] | str:
    import yaml  # noqa: PLC0415 - keeps --help fast

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return str(error).partition("\n")[0]
    return value if isinstance(value, dict) else "is no mapping of keys to values"


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.fences: list[Fence] = []
        self.title = ("", 1)
        self._headings: list[tuple[int, str]] = []
        self._heads: tuple[str, ...] = ()
        self._last: tuple[str, ...] = ()
        self._open: tuple[str, str, int] | None = None
        self._code: list[str] = []
        self._rows = Rows()

    def take(self, number: int, line: str) -> None:
        """Read the next line."""
        match = FENCE.fullmatch(line.rstrip())
        if self._open is not None:
            mark = self._open[0]
            if match and match[1].startswith(mark) and not match[2]:
                self.close()
            else:
                self._code.append(line)
            return
        if match:
            self._open = (match[1], match[2].lower(), number + 1)
            return
        rows = self._rows.take(number, line)
        if rows is None:
            self._text(number, line)
        else:
            self._table(rows)

    def _table(self, rows: list[Row]) -> None:
        for row in rows:
            cells = tuple(map(plain, row.cells))
            if row.titles:
                self._heads = cells
            else:
                self.lines.append(
                    Line(row.number, " | ".join(cells), self._heading, cells, self._heads)
                )

    def close(self) -> None:
        """End the block of code that is open."""
        if self._open is not None:
            _, language, number = self._open
            code = "\n".join(self._code)
            self.fences.append(Fence(number, language, code, self._heading))
        self._open, self._code = None, []

    @property
    def _heading(self) -> str:
        return " / ".join(text for _, text in self._headings)

    def _text(self, number: int, line: str) -> None:
        line = TIGHT.sub(r"\1\2 ", line.translate(WIDTHS))
        heading = HEADING.fullmatch(line)
        html = FIRST.fullmatch(line)
        if heading:
            self._headed(number, len(heading[1]), plain(heading[2]))
            return
        if html:
            self._headed(number, 1, plain(html[1]))
            return
        if UNDER.fullmatch(line) and self.lines and self.lines[-1].number == number - 1:
            self._headed(number - 1, 1, self.lines.pop().text)
            return
        cells = _cells(line)
        if cells and RULE.fullmatch(line):
            self._heads = self._last
            return
        if not cells:
            self._heads = ()
        self._last = cells
        line = PICTURE.sub(r"\1", line)
        pieces = [line] if cells else [p for part in PIECES.split(line) for p in listed(part)]
        source = plain(line) if len(pieces) > 1 else ""
        for piece in pieces:
            self.lines.append(Line(number, plain(piece), self._heading, cells, self._heads, source))

    def _headed(self, number: int, depth: int, text: str) -> None:
        kept = [entry for entry in self._headings if entry[0] < depth]
        self._headings = [*kept, (depth, text)]
        self._heads = ()
        self.title = self.title if self.title[0] else (text, number)


def _cells(line: str) -> tuple[str, ...]:
    stripped = line.strip()
    if stripped.count("|") < 1 or not (stripped.startswith("|") or stripped.endswith("|")):
        return ()
    return tuple(plain(cell) for cell in CELLS.split(stripped.strip("|")))


def listed(text: str) -> list[str]:
    """The parts of a list of labels with values; others in one piece."""
    return NEXT.split(text) if LABELS.match(text) else [text]


def plain(text: str) -> str:
    """Text as people read it on the page."""
    text = BREAK.sub(" ", text.translate(WIDTHS))
    while (shorter := LINK.sub(r"\1", text)) != text:
        text = shorter
    # What stands in code is read as it is: its stars are no emphasis.
    parts = CODE.split(text)
    parts[::3] = [ESCAPE.sub(r"\1", MARKS.sub("", part)) for part in parts[::3]]
    del parts[1::3]
    return unescape("".join(parts)).translate(SPACES).strip()


def provide_page() -> Page | Unknown:
    """No card, unless one was given."""
    return Unknown("no card was given")


def sentences(text: str) -> list[str]:
    """The parts of a line that say one thing each."""
    return SENTENCE.split(text)


def statements(page: Page) -> Iterator[Line]:
    """Every line that says something."""
    return (line for line in page.lines if line.text)
