"""Sorts the words of a command by what they are for."""

from typing import Any

from release.errors import ReleaseError
from release.memory.effects import HARMLESS
from release.memory.nested import ATTENTION, CHOOSING, NESTED, SPELLED_OUT, read_json, read_object
from release.memory.options import TABLE, read_option

METHOD = ("--quantization", "-q")
SEVERAL = frozenset({"--cudagraph-capture-sizes"})


class Reader:
    """Takes options one by one.

    `given` are fields of `Options`, `nested` the objects of options that have one; `names` those of
    options that are no part of our plan, `rest` their words in their order, `written` each option
    with its values. `method` is what --quantization says.
    """

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        self.given: dict[str, Any] = {}
        self.nested: dict[str, dict[str, Any]] = {}
        self.models: list[str] = []
        self.named = False
        self.rest: list[str] = []
        self.written: list[tuple[str, tuple[str, ...]]] = []
        self.names: list[str] = []
        self.shortened: list[tuple[str, str]] = []
        self.method: str | None = None

    def take(self, name: str, values: list[str], *, switched: bool) -> int:
        """Take one option, and say how many of the words behind it are its values."""
        whole, _, key = name.partition(".")
        whole, key = SPELLED_OUT.get(name, (whole, key))
        if key and whole in NESTED:
            several = name in SEVERAL
            words = values if several else [_first(name, values)]
            read = [read_json(word) for word in words]
            self.nested.setdefault(whole, {})[key.replace("-", "_")] = read if several else read[0]
            return len(words)
        if name in NESTED:
            self.nested[name] = read_object(name, _first(name, values))
            return 1
        if key and whole in TABLE:
            raise ReleaseError("has no parts", where=name)
        if name == "--model":
            self.models.insert(0, _first(name, values))
            return 1
        if name not in TABLE:
            return self._other("--no-" + name[2:] if switched else name, values)
        field, parse = TABLE[name]
        if parse is None:
            self.given[field] = not switched
            return 0
        self.given[field] = read_option(name, _first(name, values))
        return 1

    def _other(self, name: str, values: list[str]) -> int:
        """Keep an option that does not count."""
        whole = name.partition(".")[0]
        most = self.counts.get(whole.replace("--no-", "--", 1), len(values))
        if values[:1] and values[0] in HARMLESS.get(name, ()):
            return 1
        if whole == ATTENTION and not CHOOSING.intersection(_parts(name, values)):
            return min(len(values), most)
        if name in METHOD and values:
            self.method = values[0]
        self.names.append(whole if most else name)
        return min(len(values), most)


def _parts(name: str, values: list[str]) -> list[str]:
    """The keys of an object that an option, or one of its parts, gives."""
    _, dot, key = name.partition(".")
    if dot:
        return [key.partition(".")[0].replace("-", "_")]
    return list(read_object(name, _first(name, values)))


def _first(name: str, values: list[str]) -> str:
    if not values:
        raise ReleaseError("has no value", where=name)
    return values[0]
