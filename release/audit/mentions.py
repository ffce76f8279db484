"""What else a card names: releases of packages, repositories on the Hub, pull requests."""

import re
from collections.abc import Iterator

import msgspec

from release.audit.page import LONGEST, Page, statements

PACKAGES = {
    "vllm": "vllm",
    "vllm/vllm-openai:": "vllm",
    "llm-compressor": "llmcompressor",
    "llmcompressor": "llmcompressor",
    "llm compressor": "llmcompressor",
    "compressed-tensors": "compressed-tensors",
    "transformers": "transformers",
    "sglang": "sglang",
    "lm-eval": "lm-eval",
    "lm_eval": "lm-eval",
    "nvidia-modelopt": "nvidia-modelopt",
}
NAME = "|".join(map(re.escape, PACKAGES))
VERSION = re.compile(
    rf"(?<![\w/.-])(?P<package>{NAME})(?:\[[\w,-]*\])?(?:[ ]version)?\s*(?:\|\s*)?"
    r"(?P<sign>==|>=|<=|~=|!=|>|<|≥|≤)?\s*\(?v?(?P<version>\d+\.\d+(?:\.\d+)*(?:\.?(?:post|dev|rc|a|b)\d+)?)",
    re.IGNORECASE | re.ASCII,
)
TRIED = re.compile(
    r"\b(?:tested|tried|validated|verified|served|measured|run|ran) (?:with|on|in|using) $",
    re.IGNORECASE,
)
REPOSITORY = re.compile(
    r"(?:vllm\s+serve\s+|--model[= ]\s*|(?:hf|huggingface-cli)\s+download\s+"
    r"|from_pretrained\(\s*|model(?:_id|_name|_path)?\s*=\s*|LLM\(\s*)[\"']?"
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?![\w/])"
)
REQUEST = re.compile(r"(?:#\d{3,6}\b|github\.com/[\w.-]+/[\w.-]+/pull/\d+)")
STATE = re.compile(
    r"\b(open|pending|unmerged|merged|draft|awaiting|in review|upcoming)\b", re.IGNORECASE
)
# A link whose text is a repository, and what a model is said to be quantized from.
LINKED = re.compile(
    r"\[[*_`]*(?P<text>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)[*_`]*\]"
    r"\(https?://(?:www\.)?huggingface\.co/(?P<repo>[\w.-]+/[\w.-]+?)/?\)"
)
SOURCE = re.compile(
    r"\b(?:quanti[sz]ed (?:version|model|checkpoint|build|copy|weights) (?:of|from)"
    r"|quanti[sz]ed from|quant(?:i[sz]ation|s)? of|quanti[sz]ing(?: the [\w ]{2,30})?(?: of)?)"
    r" (?:the )?[*_`]*"
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\w)(?![\w/])",
    re.IGNORECASE,
)
ISSUES = re.compile(r"\b(?:issues?|bugs?|problems?)\b", re.IGNORECASE)
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")


class Release(msgspec.Struct, frozen=True):
    """A release of a package; `minimum` where the card says that it or newer is enough.

    `pinned` is the one that is installed, or that the card was tried with; `installed` the first.
    """

    package: str
    version: str
    line: int
    minimum: bool
    pinned: bool = False
    installed: bool = False


class Repository(msgspec.Struct, frozen=True):
    """A repository that a command or snippet loads; `served` where a server or LLM() loads it."""

    name: str
    line: int
    served: bool


class Request(msgspec.Struct, frozen=True):
    """A pull request or issue whose state the card tells; `dated` where a day stands with it."""

    text: str
    state: str
    line: int
    dated: bool


class Link(msgspec.Struct, frozen=True):
    """A repository under the name that the card shows for it."""

    text: str
    repo: str
    line: int


class Mentions(msgspec.Struct, frozen=True):
    """All of them, in the order of the card; `sources` are what it says it was quantized from."""

    releases: tuple[Release, ...]
    repositories: tuple[Repository, ...]
    requests: tuple[Request, ...]
    links: tuple[Link, ...] = ()
    sources: tuple[Link, ...] = ()


def provide_mentions(page: Page) -> Mentions:
    """Collect them from text and code."""
    lines = sorted(_numbered(page))
    # `affected: >=0.17` is a range of releases that have a fault, none that is enough.
    troubles = {line.number for line in page.lines if ISSUES.search(line.heading)}
    return Mentions(
        releases=tuple(
            msgspec.structs.replace(found, minimum=found.minimum and number not in troubles)
            for number, text in lines
            for found in read_releases(number, text)
        ),
        repositories=tuple(
            Repository(match["repo"], number, not match[0].startswith("from_pretrained"))
            for number, text in lines
            for match in REPOSITORY.finditer(text)
        ),
        requests=tuple(found for number, text in lines for found in _requests(number, text)),
        links=tuple(_links(page)),
        sources=tuple(
            Link(match["repo"], match["repo"], line.number)
            for line in statements(page)
            for match in SOURCE.finditer(line.text)
        ),
    )


def _links(page: Page) -> Iterator[Link]:
    for number, text in enumerate(page.text.split("\n"), 1):
        for match in LINKED.finditer(text[:LONGEST]):
            yield Link(match["text"], match["repo"], number)


def _numbered(page: Page) -> Iterator[tuple[int, str]]:
    """Every line; a call that is broken after its bracket counts with the line that follows."""
    for line in statements(page):
        yield line.number, " | ".join(line.cells) if line.cells else line.text
    for fence in page.fences:
        before = ""
        for number, text in enumerate(fence.text.split("\n"), fence.number):
            yield number, f"{before}{text}"
            before = text.strip() if text.rstrip().endswith("(") else ""


def read_releases(number: int, text: str) -> Iterator[Release]:
    """Every release that a line names."""
    for match in VERSION.finditer(text):
        package = PACKAGES[match["package"].lower()]
        after = text[match.end() : match.end() + 14]
        ranged = re.match(r"\s*,\s*[<!]", after)
        minimum = (not ranged and match["sign"] in {">=", "≥", "~="}) or bool(
            re.match(r"\+|\s*(?:or|and) (?:newer|later|above|up)", after)
        )
        tried = not match["sign"] and TRIED.search(text[: match.start()]) is not None
        installed = not minimum and (match["sign"] == "==" or match["package"].endswith(":"))
        pinned = installed or (tried and not minimum)
        yield Release(package, match["version"], number, minimum, pinned, installed)


def _requests(number: int, text: str) -> Iterator[Request]:
    request, state = REQUEST.search(text), STATE.search(text)
    if request and state:
        yield Request(request[0], state[0], number, bool(DATE.search(text)))
