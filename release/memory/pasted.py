"""The words of a `vllm serve` command in what people paste: a shell's, a container's, a unit's."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from release.errors import ReleaseError

# One piece of a shell's text. A line that begins with an option goes on with the one before it.
PIECE = re.compile(
    r"""
    (?P<gap>[ \t\r]+ | \n(?=\s*--?[A-Za-z]) | (?<!\S)\#[^\n]*)
    | (?P<redirect>(?:(?<!\S)\d+)?(?:&>>?|>>?&?)[ \t]*[^\s;&|<>()]*)
    | (?P<end>[\n;&|()`]+)
    | (?P<word>(?:'[^']*' | "(?:\\.|[^"\\])*" | \\. | <[^\s<>]*> | \$\([^()\n]*\)
                | [^\s'"\\;&|<>()`])+)
    """,
    re.VERBOSE | re.DOTALL,
)
QUOTED = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""", re.DOTALL)
ESCAPED = re.compile(r'\\([$`"\\])')
# Of a shell, of PowerShell and of Windows' command line; a space behind it is not seen.
CONTINUED = re.compile(r"(?:\\|(?<=\s)[`^])[ \t]*\r?\n")
# A module or an image that serves; with another entrypoint `serve` is its first word.
SERVERS = re.compile(r"vllm\.entrypoints\.\S*(?:api_server|main)|\S*vllm-openai(?:[:@]\S*)?")
SERVE = re.compile(r"(?:\S*[/=])?vllm serve")
INNER = re.compile(r"\bvllm\s+serve\s")
ARRAY = re.compile(r"\[[^\[\]]*\]")
MANIFEST = re.compile(r"(?m)^[ \t-]*(?:args|command|entrypoint|image)\s*:|\A\s*(?:\[|-\s)")
ANCHOR = re.compile(r"(?:^|[\s,:\[{-])[&*]\w")
RELEASE = re.compile(
    r"vllm-openai:v?(\d+\.\d+\.\d+[\w.+-]*)|\bvllm(?:\[[\w,-]*\])?==(\d+\.\d+[\w.+-]*)"
)
SETTING = re.compile(r"""\b(VLLM_[A-Z0-9_]+)["']?(?:=|:|[\s,]+value:)\s*["']?(\w+)""")
DASHES = "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
IMAGE = "vllm-openai"


def named_release(text: str) -> str | None:
    """The release of vLLM that an image's tag or an installation names, as 0.24.0."""
    found = RELEASE.search(text)
    return None if found is None else next(filter(None, found.groups()))


def named_settings(text: str) -> dict[str, str]:
    """What a shell or a manifest sets of vLLM's environment."""
    return dict(SETTING.findall(text))


def served_words(text: str) -> list[str]:
    """Find the words behind `vllm serve`, or what serves as that.

    Raises `ReleaseError` where there is no such command, or its quotes do not close.
    """
    bare = False
    for found in _candidates(text):
        words = list(filter(str.strip, found))
        inner = next((word for word in words if INNER.search(word)), None)
        if inner is not None and inner != text:  # as in bash -c '...'
            return served_words(inner)
        begins = [
            *(i for i, pair in enumerate(pairwise(words)) if SERVE.fullmatch(" ".join(pair))),
            *(i for i, word in enumerate(words) if SERVERS.fullmatch(word)),
        ]
        if begins:
            named = words[begins[0] + 1 : begins[0] + 2] == ["serve"]
            given = words[begins[0] + 1 + named :]
            if given:
                return _with_hyphens(given)
            bare = True  # as in docker pull
    if bare:
        return []
    raise ReleaseError("the command is not `vllm serve ...`", hint="paste all of it, quoted")


def _with_hyphens(words: list[str]) -> list[str]:
    for word in words:
        if word[0] in DASHES:
            what = f"{word!r:.60} begins with a dash that is no hyphen: vLLM takes it for a model"
            raise ReleaseError(what, hint="write -- before the option")
    return words


def _candidates(text: str) -> Iterator[list[str]]:
    """Commands in the order in which they are likely; the shell's come last of all."""
    if MANIFEST.search(text):
        yield from _manifest(text)
    arrays = [_array(match[0]) for match in ARRAY.finditer(text)]
    if any("vllm" in word for array in arrays for word in array[:4]):
        yield [word for array in arrays for word in array]
    # All are read before the first is looked at: a quote that does not close is a fault of all.
    yield from list(_commands(CONTINUED.sub("", text)))


def _commands(text: str) -> Iterator[list[str]]:
    """Each of a shell's commands; where to redirections go is left out."""
    words: list[str] = []
    at = 0
    while at < len(text):
        piece = PIECE.match(text, at)
        if piece is None:
            raise ReleaseError("the command cannot be read", hint="check its quotes")
        at = piece.end()
        if piece["word"] is not None:
            words.append(QUOTED.sub(_plain, piece["word"]))
        elif piece["end"] is not None:
            yield words
            words = []
    yield words


def _plain(match: re.Match[str]) -> str:
    single, double, escaped = match.groups()
    return ESCAPED.sub(r"\1", double) if double is not None else single or escaped or ""


def _array(text: str) -> list[str]:
    """The strings of a list, as Python, JSON and Dockerfiles write it."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []


def _manifest(text: str) -> Iterator[list[str]]:
    """The containers of a manifest (Kubernetes, Compose), or a list of words."""
    import yaml  # noqa: PLC0415 - most commands are a shell's

    if ANCHOR.search(text):
        return  # one that names itself would never end
    try:
        found = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    for value in found:
        yield from _containers(value)


def _containers(value: Any) -> Iterator[list[str]]:
    if isinstance(value, list):
        if value and all(isinstance(each, str | int | float) for each in value):
            yield _served([str(each) for each in value], IMAGE)
        for each in value:
            yield from _containers(each)
    elif isinstance(value, dict):
        image = str(value.get("image", IMAGE))
        words = [
            word for key in ("entrypoint", "command", "args") for word in _stated(value.get(key))
        ]
        if words:
            yield _served(words, image)
        for each in value.values():
            if isinstance(each, dict | list):
                yield from _containers(each)


def _served(words: list[str], image: str) -> list[str]:
    """An image's own entrypoint serves, where only options are given."""
    return [image, *words] if words[0].startswith("--") and SERVERS.fullmatch(image) else words


def _stated(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word for words in _commands(CONTINUED.sub("", value)) for word in words]
    return [str(each) for each in value] if isinstance(value, list) else []
