"""A single fault: one change to a good checkpoint, the rule that must say it, and where."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.conftest import GOOD
from tests.mutate import INDEX, Draft

SHARDED = ("demo", "qwen3_moe-fp8")
ANY = ("llama-nvfp4", "gemma3-w4a16", *SHARDED)
"""One scheme of each kind; towers and experts; with an index and without."""

EVERY = tuple("demo" if path.name == "checkpoint" else path.name for path in GOOD)

Place = str | Callable[[Draft], str]


@dataclass(frozen=True)
class Fault:
    """What was done, the rule that must fire above info, and where: a file, tensor, module or path.

    `on` are the good checkpoints it is tried on. `also` are rules that may speak too, for what
    follows from the fault; anything else that fires is crosstalk. With `base`, a folder of
    tests/bases, the checkpoint is held against it, changed by `origin` where that is given.
    """

    rule: str
    name: str
    change: Callable[[Draft], object]
    at: Place
    on: tuple[str, ...] = ANY
    also: tuple[str, ...] = ()
    base: str | None = None
    origin: Callable[[Draft], object] | None = None


def several(
    rule: str, on: tuple[str, ...], *rows: tuple[str, Callable[[Draft], object], Place]
) -> tuple[Fault, ...]:
    """Faults that one rule says on the same checkpoints: name, change, place."""
    return tuple(Fault(rule, name, change, at, on) for name, change, at in rows)


def shard(draft: Draft) -> str:
    """The first shard."""
    return draft.shards()[0]


def largest(draft: Draft) -> str:
    """A tensor of the first shard that has values."""
    first = shard(draft)
    return next(name for name, file in draft.tensors().items() if file == first)


def index_entry(draft: Draft, change: Callable[[dict[str, str]], object]) -> Draft:
    """Change the index's weight_map."""
    document = draft.read(INDEX)
    change(document["weight_map"])
    return draft.edit(INDEX, "weight_map", document["weight_map"])
