"""Typed access to JSON sent by strangers: what has the wrong type is a 400, never a traceback."""

import re
from typing import cast

from release.demo.hub.wire import bad_request

Object = dict[str, object]
"""A JSON object whose values have not been looked at yet."""


def as_object(value: object, where: str = "body") -> Object:
    """Return `value` if it is a JSON object. Raises HubError 400."""
    if not isinstance(value, dict):
        raise bad_request(f"{where} must be an object")
    return cast("Object", value)


def text(source: Object, key: str, default: str | None = None) -> str:
    """Return the string `key`; `default` stands for absent or null. Raises HubError 400."""
    value = source.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise bad_request(f'"{key}" must be a string')
    if not sound(value):
        raise bad_request(f'"{key}" must be valid Unicode')
    return value


def sound(value: str) -> bool:
    """Whether a string can be encoded: JSON may hold half a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def decimal(value: str, name: str) -> int:
    """Return the number in a path, query or header, at most 15 digits. Raises HubError 400."""
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise bad_request(f'"{name}" must be a number')
    return int(value)


def size(source: Object, key: str, default: int | None = None) -> int:
    """Return the count or number of bytes `key`. Raises HubError 400."""
    value = source.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_request(f'"{key}" must be a non-negative integer')
    return value


def objects(source: Object, key: str) -> list[Object]:
    """Return the list of objects `key`. Raises HubError 400."""
    value = source.get(key)
    if not isinstance(value, list):
        raise bad_request(f'"{key}" must be an array')
    return [as_object(item, f'an item of "{key}"') for item in value]


def sha256(source: Object, key: str) -> str:
    """Return the 64 lower-case hex digits `key`. Raises HubError 400."""
    value = text(source, key)
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):  # noqa: PLR2004
        raise bad_request(f'"{key}" must be a sha256')
    return value
