"""The YAML header of a model card, found where the Hub finds it."""

import re

FRONT = re.compile(
    r"\A\ufeff?\s*---[ \t]*\r?\n(?P<header>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)


def split_card(text: str) -> tuple[str | None, str]:
    """Give the header's YAML, None where there is none, and what follows it."""
    front = FRONT.match(text)
    return (front["header"], text[front.end() :]) if front else (None, text)
