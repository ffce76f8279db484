"""The tokens that tokenizer.json itself puts around every text: its post-processor's."""

from collections.abc import Iterator
from typing import Any

import msgspec

DEEPEST = 20
PAIRED = ("sep", "cls")


class Inserted(msgspec.Struct, frozen=True):
    """A token and the id that is put in for it, whatever id the vocabulary has."""

    token: str
    number: int


def inserted_tokens(part: Any, depth: int = 0) -> Iterator[Inserted]:
    """Give what a post-processor inserts; what does not have its structure is left out.

    Source: tokenizers, processors: TemplateProcessing, BertProcessing, RobertaProcessing, Sequence.
    """
    if not isinstance(part, dict) or depth > DEEPEST:
        return
    for inner in _items(part.get("processors")):
        yield from inserted_tokens(inner, depth + 1)
    for key in PAIRED:
        yield from _pairs([part.get(key)])
    tokens = part.get("special_tokens")
    if isinstance(tokens, dict):
        for name in _used(part):
            entry = tokens.get(name)
            if isinstance(entry, dict):
                yield from _pairs(
                    zip(_items(entry.get("tokens")), _items(entry.get("ids")), strict=False)
                )


def _used(part: dict[str, Any]) -> Iterator[str]:
    pieces = [*_items(part.get("single")), *_items(part.get("pair"))]
    names = [
        piece["SpecialToken"].get("id")
        for piece in pieces
        if isinstance(piece, dict) and isinstance(piece.get("SpecialToken"), dict)
    ]
    yield from dict.fromkeys(name for name in names if isinstance(name, str))


def _pairs(pairs: Any) -> Iterator[Inserted]:
    for pair in pairs:
        if isinstance(pair, list | tuple) and len(pair) == 2:  # noqa: PLR2004 - token and id
            token, number = pair
            if isinstance(token, str) and type(number) is int:
                yield Inserted(token, number)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
