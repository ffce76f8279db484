"""JSON from strangers: one parser for headers, index and config, that hides nothing.

`json.loads` keeps the last of two equal keys and accepts NaN. Here both are evidence.
"""

import json
import re
from collections import Counter
from typing import Any

import msgspec

from release.errors import CheckpointError, Fault

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Document(msgspec.Struct, frozen=True):
    """A parsed JSON object and what a strict reader would object to in it."""

    value: dict[str, Any]
    duplicates: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


def parse_document(raw: bytes, file: str, fault: Fault) -> Document:
    """Parse `raw` (UTF-8, no byte order mark) as one JSON object.

    Duplicate keys and NaN or Infinity are collected, not refused: the caller knows if they matter.
    Raises `CheckpointError` when it is not UTF-8, not JSON, not an object, or holds half of a
    surrogate pair: such text can be written nowhere.
    """
    hint = "write the file again from the model it came from"
    if raw.startswith(b"\xef\xbb\xbf"):
        raise CheckpointError(file, "starts with a byte order mark", hint, fault)
    try:
        value, duplicates, constants = _load(raw)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(file, _reason(error), hint, fault) from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise CheckpointError(file, f"must hold a JSON object, not a {kind}", hint, fault)
    return Document(value, tuple(duplicates), tuple(constants))


def _load(raw: bytes) -> tuple[Any, list[str], list[str]]:
    duplicates: list[str] = []
    constants: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            duplicates.extend(key for key, count in counts.items() if count > 1)
        return value

    def constant(name: str) -> float:
        constants.append(name)
        return float(name)

    def integer(digits: str) -> float:
        return -0.0 if digits == "-0" else int(digits)  # as every other JSON reader has it

    text = raw.decode("utf-8")
    parse_int = integer if "-0" in text else None
    value = json.loads(text, object_pairs_hook=keep, parse_constant=constant, parse_int=parse_int)
    if SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value, duplicates, constants


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start}"
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
    if isinstance(error, UnicodeEncodeError):
        return "is not JSON: holds half of a surrogate pair"
    if isinstance(error, RecursionError):
        return "is not JSON: nested too deeply"
    # The only other ValueError: an integer of more digits than Python converts.
    return "is not JSON that readers take: a number has thousands of digits"
