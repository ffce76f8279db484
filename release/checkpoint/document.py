"""JSON from strangers: one parser for headers, index and config, that hides nothing.

`json.loads` keeps the last of two equal keys and accepts NaN. Here both are evidence.
"""

import json
from collections import Counter
from typing import Any

import msgspec

from release.errors import CheckpointError, Fault


class Document(msgspec.Struct, frozen=True):
    """A parsed JSON object and what a strict reader would object to in it."""

    value: dict[str, Any]
    duplicates: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


def parse_document(raw: bytes, file: str, fault: Fault) -> Document:
    """Parse `raw` (UTF-8, no byte order mark) as one JSON object.

    Duplicate keys and NaN or Infinity are collected, not refused: the caller knows if they matter.
    Raises `CheckpointError` when it is not UTF-8, not JSON, or not an object.
    """
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

    hint = "write the file again from the model it came from"
    if raw.startswith(b"\xef\xbb\xbf"):
        raise CheckpointError(file, "starts with a byte order mark", hint, fault)
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=keep, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise CheckpointError(file, f"is not UTF-8 at byte {error.start}", hint, fault) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise CheckpointError(file, f"is not JSON: {error.msg} at {where}", hint, fault) from None
    except RecursionError:
        raise CheckpointError(file, "is not JSON: nested too deeply", hint, fault) from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise CheckpointError(file, f"is not JSON: {error}", hint, fault) from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise CheckpointError(file, f"must hold a JSON object, not a {kind}", hint, fault)
    return Document(value, tuple(duplicates), tuple(constants))
