"""What transformers 5.17 and vLLM 0.32 know by name: architectures, tokenizers, processors."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

READERS = "transformers 5.17 or vLLM 0.32"
NAMES = Path(__file__).parent / "names"


class Known(msgspec.Struct, frozen=True):
    """Names that a reader can load without remote code.

    `architectures` maps a class to the model_types that transformers pairs it with, none for
    those only vLLM has; `model_types` are all of these; `tokenizers` and `processors` are classes.
    `vllm` maps a class to the first release of vLLM that has it and the last one, where it is gone;
    `transformers` a model_type to the first release of transformers. `placeholders` maps a
    model_type to the ids that its config class has where config.json mentions none.
    """

    architectures: dict[str, tuple[str, ...]]
    model_types: frozenset[str]
    tokenizers: frozenset[str]
    processors: frozenset[str]
    vllm: dict[str, tuple[str, str | None]]
    transformers: dict[str, str]
    placeholders: dict[str, dict[str, int]] = {}


def provide_known() -> Known:
    """Read the lists that ship with the package."""
    entries = [line.split() for line in _lines("architectures.txt")]
    architectures = {name: tuple(types) for name, *types in entries}
    model_types = frozenset(kind for types in architectures.values() for kind in types)
    vllm: dict[str, tuple[str, str | None]] = {}
    for entry, first in _since("vllm.txt"):
        name, _, last = entry.partition("<=")
        vllm[name] = first, last or None
    tokenizers = frozenset(_lines("tokenizers.txt"))
    processors = frozenset(_lines("processors.txt"))
    since = dict(_since("transformers.txt"))
    ids = _placeholders()
    return Known(architectures, model_types, tokenizers, processors, vllm, since, ids)


def _placeholders() -> dict[str, dict[str, int]]:
    """Lines of model_types, then of keys with their ids."""
    found: dict[str, dict[str, int]] = {}
    for line in _lines("placeholders.txt"):
        pairs = [word.split("=") for word in line.split() if "=" in word]
        ids = {key: int(number) for key, number in pairs}
        found.update((word, ids) for word in line.split() if "=" not in word)
    return found


def _since(file: str) -> Iterator[tuple[str, str]]:
    """Names, each with the release that its line begins with."""
    for line in _lines(file):
        release, *names = line.split()
        yield from ((name, release) for name in names)


def _lines(file: str) -> list[str]:
    text = (NAMES / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
