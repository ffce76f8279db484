"""Values that know where they come from. Templates get nothing else to print."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

Certainty = Literal["exact", "measured", "estimated", "stated"]


class Origin(msgspec.Struct, frozen=True):
    """Where a value comes from: bytes, a formula, a log line, or a person's release.toml.

    `exact` follows from the bytes, `measured` was seen when it ran, `estimated` rests on
    assumptions, `stated` is somebody's word.
    """

    source: str
    certainty: Certainty


class Figure(msgspec.Struct, frozen=True):
    """Something that the card prints: its text, what it is called, where it comes from.

    `row` is what a cell of a table is about.
    """

    text: str
    name: str
    origin: Origin
    row: str = ""


class Traced:
    """A value for templates: its parts, sums and formats keep its name and origin."""

    def __init__(self, value: Any, name: str, trace: Callable[[str], Origin]) -> None:
        self.value, self.name, self.trace = value, name, trace

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        return self.trace(self.name)

    def child(self, key: str | int) -> "Traced":
        """A part of it, by key or attribute. Raises `LookupError`, `AttributeError`."""
        if isinstance(self.value, Mapping | list | tuple):
            return self._with(self.value[key], key)  # type: ignore[index]
        if isinstance(key, str) and not key.startswith("_"):
            return self._with(getattr(self.value, key), key)
        raise LookupError(key)

    def map(self, change: Callable[[Any], Any]) -> "Traced":
        """The same fact in other words."""
        return Traced(change(self.value), self.name, self.trace)

    def items(self) -> Iterator[tuple["Traced", "Traced"]]:
        """Keys and values of a mapping."""
        return ((self._with(key, key), self._with(value, key)) for key, value in self._pairs())

    def _pairs(self) -> list[tuple[Any, Any]]:
        if isinstance(self.value, Mapping):
            return list(self.value.items())
        return list(enumerate(self.value))

    def _with(self, value: Any, key: str | int) -> "Traced":
        return Traced(
            value, f"{self.name}.{key}" if isinstance(key, str) else self.name, self.trace
        )

    def __iter__(self) -> Iterator["Traced"]:
        """Elements, or keys, as they are iterated."""
        values = self.value
        pairs = [(k, k) for k in values] if isinstance(values, Mapping) else self._pairs()
        return iter([self._with(value, key) for key, value in pairs])

    def __len__(self) -> int:
        """How many parts it has."""
        return len(self.value)

    def __bool__(self) -> bool:
        """Whether it is anything."""
        return bool(self.value)

    def __str__(self) -> str:
        """Its text, unmarked."""
        return str(self.value)

    def __hash__(self) -> int:
        """That of the value."""
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        """Whether the values are equal."""
        return bool(self.value == plain(other))

    def __contains__(self, item: object) -> bool:
        """Whether the value is in it."""
        return plain(item) in self.value

    def __lt__(self, other: object) -> bool:
        """Whether it is less."""
        return bool(self.value < plain(other))

    def __gt__(self, other: object) -> bool:
        """Whether it is more."""
        return bool(self.value > plain(other))

    def __add__(self, other: object) -> "Traced":
        """The sum, which is named after both."""
        return self._joined(other, self.value + plain(other), "+")

    def __sub__(self, other: object) -> "Traced":
        """The difference, which is named after both."""
        return self._joined(other, self.value - plain(other), "-")

    def _joined(self, other: object, value: Any, sign: str) -> "Traced":
        name = f"{self.name} {sign} {other.name}" if isinstance(other, Traced) else self.name
        return Traced(value, name, lambda _: self.origin)


def plain(value: object) -> Any:
    """The value itself."""
    return value.value if isinstance(value, Traced) else value
