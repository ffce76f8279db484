"""The words that the Hub knows in the header of a card, as data."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

DATA = Path(__file__).with_name("hub.toml")


class Vocabulary(msgspec.Struct, frozen=True):
    """Licences and tasks that the Hub takes, and when these lists were compared with its own."""

    as_of: date
    licenses: str
    tasks: str


@cache
def vocabulary() -> Vocabulary:
    """Read the data file."""
    return msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8")), Vocabulary)


def provide_vocabulary() -> Vocabulary:
    """The same, for rules."""
    return vocabulary()
