"""The words of model cards in several languages, as data."""

import re
import tomllib
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("words.toml")


@cache
def words(section: str) -> dict[str, str]:
    """What a section calls each thing: one regular expression, in a group of its own."""
    table = tomllib.loads(DATA.read_text(encoding="utf-8"))[section]
    return {key: f"(?:{'|'.join(forms)})" for key, forms in table.items()}


@cache
def patterns(section: str) -> dict[str, re.Pattern[str]]:
    """The same, compiled; a word of ASCII ends where other writing begins."""
    return {key: re.compile(form, re.IGNORECASE | re.ASCII) for key, form in words(section).items()}


def elsewhere(*kinds: str, more: str = "") -> re.Pattern[str]:
    """What says that a sentence is about something else, of these kinds, or in `more` words."""
    forms = [words("elsewhere")[kind] for kind in kinds]
    return re.compile(rf"\b(?:{'|'.join(filter(None, [*forms, more]))})\b", re.IGNORECASE)
