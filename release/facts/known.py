"""What transformers 5.17 and vLLM 0.32 know by name: architectures and tokenizer classes."""

from pathlib import Path

import msgspec

READERS = "transformers 5.17 or vLLM 0.32"
NAMES = Path(__file__).parent / "names"


class Known(msgspec.Struct, frozen=True):
    """Names that a reader can load without remote code.

    `architectures` maps a class to the model_types that transformers pairs it with, none for
    those only vLLM has; `model_types` are all of these; `tokenizers` are tokenizer classes.
    """

    architectures: dict[str, tuple[str, ...]]
    model_types: frozenset[str]
    tokenizers: frozenset[str]


def provide_known() -> Known:
    """Read the lists that ship with the package."""
    entries = [line.split() for line in _lines("architectures.txt")]
    architectures = {name: tuple(types) for name, *types in entries}
    model_types = frozenset(kind for types in architectures.values() for kind in types)
    return Known(architectures, model_types, frozenset(_lines("tokenizers.txt")))


def _lines(file: str) -> list[str]:
    text = (NAMES / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
