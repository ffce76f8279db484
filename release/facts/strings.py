"""Every string of the JSON and YAML side files, each with its place."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from release.facts.texts import Texts

_WORD = re.compile(r"""[^\s"'\[\]{},]+""")


class Quoted(msgspec.Struct, frozen=True):
    """A string, the file it is in and where there: a path in JSON, a line elsewhere."""

    file: str
    path: str
    text: str


Strings = tuple[Quoted, ...]


def provide_strings(texts: Texts) -> Strings:
    """Walk the JSON files, cut the YAML files into words, take the headers' free metadata."""
    found: list[Quoted] = []
    for file, text in texts.files.items():
        if file.endswith(".json"):
            found += _of_json(file, text)
        elif file.endswith((".yaml", ".yml")):
            found += _of_lines(file, text)
    for file, metadata in texts.headers.items():
        found += (Quoted(file, f"__metadata__.{key}", value) for key, value in metadata.items())
    return tuple(found)


def _of_json(file: str, text: str) -> Iterator[Quoted]:
    try:
        pending: list[tuple[str, Any]] = [("", json.loads(text))]
    except (ValueError, RecursionError):  # another rule says that it is broken
        return
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            yield Quoted(file, _writable(path), _writable(value))
        elif isinstance(value, dict):
            pending += ((f"{path}.{key}".lstrip("."), part) for key, part in value.items())
        elif isinstance(value, list):
            pending += ((f"{path}.{place}".lstrip("."), part) for place, part in enumerate(value))


def _of_lines(file: str, text: str) -> Iterator[Quoted]:
    # Not parsed: an alias in YAML can make a few lines into gigabytes.
    for number, line in enumerate(text.splitlines(), start=1):
        for word in _WORD.findall(line):
            yield Quoted(file, f"line {number}", word)


def _writable(text: str) -> str:
    """Text without the halves of surrogate pairs that JSON can hold and no report can."""
    return text.encode("utf-8", "replace").decode("utf-8")
