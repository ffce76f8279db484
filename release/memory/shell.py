"""A shell's text as commands: words without their quotes, without where output goes."""

import re
from collections.abc import Iterator

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
CONTINUED = re.compile(r"(?:\\|(?<=\s)[`^])[ \t]*\r?\n|\\\s*\Z")
# What follows such a comment is another command's; a comment that is the last line does no harm.
COMMENTED = re.compile(r"\\[ \t]+#|\\[ \t]*(?:\r?\n[ \t]*#[^\n]*)+\n[ \t]*--?[A-Za-z]")
EMPTY = re.compile(r"\\[ \t]*\r?\n[ \t]*\r?\n[ \t]*--?[A-Za-z]")


def commands(text: str) -> Iterator[list[str]]:
    """Each command's words. Raises `ReleaseError` where quotes do not close."""
    if COMMENTED.search(text):
        what = "a comment stands behind a backslash: the shell ends the command there"
        raise ReleaseError(what, hint="give the comment a line of its own")
    if EMPTY.search(text):
        what = "an empty line follows a backslash: the shell ends the command there"
        raise ReleaseError(what, hint="take the empty line out")
    text, at = CONTINUED.sub("", text), 0
    words: list[str] = []
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
