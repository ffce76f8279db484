"""Text from strangers made safe to print: a checkpoint's names are whatever was written there."""

import os
import re

_MARKDOWN = re.compile(r"([\\`*{}\[\]<>|#~$]|(?<![^\W_])_|_(?![^\W_]))")

_TOKENS = re.compile(r"Bearer [^\s'\"]{8,}|\b(?:hf_jwt_|hf_)[\w.-]{8,}")
SHORTEST = 8  # characters; what is shorter is a word
_HOLDERS = ("HF_TOKEN", "HF_OIDC_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


def without_tokens(text: str) -> str:
    """Text without what looks like a token, or is one that the environment holds."""
    for name in _HOLDERS:
        token = os.environ.get(name, "").strip()
        for spelling in (token, repr(token)[1:-1]):
            text = text.replace(spelling, "[token]") if len(token) >= SHORTEST else text
    return _TOKENS.sub("[token]", text)


def printable(text: str) -> str:
    """One line without control characters, escape codes or unpaired surrogates."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def quoted(text: str, longest: int = 100) -> str:
    """A name or pattern as it was written, in quotes: no backslash doubled, no more than that."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return f"'{printable(cut)}'"


def markdown(text: str) -> str:
    """Text as text in Markdown, also inside a table's cell: nothing in it is markup.

    Lines become one, as a page shows them. No address becomes a link.
    """
    text = re.sub(r"\s*\r?\n\s*", " ", text.strip("\r\n"))
    return _MARKDOWN.sub(r"\\\1", printable(text)).replace("://", "&colon;//")


def code_span(text: str) -> str:
    """Text as inline code in Markdown, also inside a table's cell."""
    text = printable(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def code_block(text: str, language: str = "") -> str:
    """Lines as a block of code in Markdown: no fence in them ends it."""
    lines = [printable(line.expandtabs()) for line in text.strip("\n").splitlines()]
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence])
