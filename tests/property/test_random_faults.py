"""A fault of any kind, anywhere in any good pair, is said at the module or tensor that it is in."""

import os
import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import BASES, Drafts
from tests.mutate import Draft, Entry, read_shard
from tests.test_good_pairs import PAIRS

COUNT = int(os.environ.get("RELEASE_RANDOM_FAULTS", "20"))
ROTATED = ("spinquant", "quip")  # of whose weights little can be compared
COMPARABLE = [pair for pair in PAIRS if not any(word in pair[0].name for word in ROTATED)]

Bytes = npt.NDArray[np.uint8]
Entries = dict[str, Entry]
Places = list[str] | None
Fault = Callable[[Draft, Entries, str, random.Random], Places]


def codes(change: Callable[[Bytes, random.Random], Bytes]) -> Fault:
    """Change the codes of a module's weight: a row of bytes for each of its rows."""

    def fault(draft: Draft, entries: Entries, module: str, chance: random.Random) -> Places:
        packed = f"{module}.weight_packed"
        name = packed if packed in entries else f"{module}.weight"
        _dtype, shape, raw = entries[name]
        before = np.frombuffer(raw, np.uint8).reshape(shape[0], -1)
        after = change(before.copy(), chance)
        if (after == before).all():
            return None
        draft.store(name, after.tobytes())
        return [module]

    return fault


def neighbours_row(rows: Bytes, chance: random.Random) -> Bytes:
    row = chance.randrange(len(rows) - 1)
    rows[row] = rows[row + 1]
    return rows


def row_backwards(rows: Bytes, chance: random.Random) -> Bytes:
    row = chance.randrange(len(rows))
    rows[row] = rows[row, ::-1].copy()
    return rows


def half_of_zeros(rows: Bytes, _chance: random.Random) -> Bytes:
    rows[len(rows) // 2 :] = 0
    return rows


def shuffled(rows: Bytes, chance: random.Random) -> Bytes:
    return rows[np.random.default_rng(chance.randrange(1000)).permutation(len(rows))]


def one_scale(draft: Draft, entries: Entries, module: str, chance: random.Random) -> Places:
    """Four times a scale: an exponent's two steps, in each dtype."""
    name = f"{module}.weight_scale"
    dtype, _shape, raw = entries[name]
    kind, step = {"BF16": ("<u2", 0x100), "F8_E4M3": ("u1", -16), "U8": ("u1", 2)}[dtype]
    words = np.frombuffer(raw, kind).copy()
    place = chance.randrange(len(words))
    words[place] = int(words[place]) + step
    draft.store(name, words.tobytes())
    return [module]


def exchanged(draft: Draft, entries: Entries, module: str, chance: random.Random) -> Places:
    """Exchange a module with another one of its shape, all that belongs to the weight."""
    roles = [n.rpartition(".")[2] for n in entries if n.rpartition(".")[0] == module]
    roles = [role for role in roles if role.startswith("weight") and role != "weight_shape"]
    alike = [
        other
        for other in modules_of(entries)
        if other != module
        and all(
            f"{other}.{role}" in entries
            and entries[f"{other}.{role}"][:2] == entries[f"{module}.{role}"][:2]
            for role in roles
        )
    ]
    if not alike:
        return None
    other = chance.choice(alike)
    for role in roles:
        draft.exchange(f"{module}.{role}", f"{other}.{role}")
    return [module, other]


def one_float(draft: Draft, entries: Entries, _module: str, chance: random.Random) -> Places:
    """Another exponent for one value of an unquantized tensor."""
    floats = [
        name
        for name, (dtype, _, raw) in entries.items()
        if dtype == "BF16" and len(raw) > 2 and not name.endswith("_scale")
    ]
    name = chance.choice(floats)
    raw = bytearray(entries[name][2])
    place = chance.randrange(len(raw) // 2) * 2
    if bytes(raw[place : place + 2]) in {b"\0\0", b"\0\x80"}:
        return None
    raw[place + 1] ^= 1
    draft.store(name, bytes(raw))
    return [name]


FAULTS: dict[str, Fault] = {
    "a neighbour's row": codes(neighbours_row),
    "a row backwards": codes(row_backwards),
    "half of zeros": codes(half_of_zeros),
    "shuffled rows": codes(shuffled),
    "rows one further": codes(lambda rows, _: np.roll(rows, 1, axis=0)),
    "bytes one further": codes(lambda rows, _: np.roll(rows, 1)),
    "all bytes backwards": codes(lambda rows, _: rows[::-1, ::-1].copy()),
    "one scale": one_scale,
    "exchanged modules": exchanged,
    "one float": one_float,
}


def modules_of(entries: Entries) -> list[str]:
    return [n.removesuffix(".weight_scale") for n in entries if n.endswith(".weight_scale")]


@pytest.mark.parametrize("seed", range(COUNT))
def test_it_is_said_where_it_is(seed: int, draft: Drafts) -> None:
    chance = random.Random(seed)
    places = None
    while places is None:
        path, base = chance.choice(COMPARABLE)
        broken = draft(path.name)
        entries: Entries = {}
        for shard in broken.shards():
            entries |= read_shard(broken.path / shard)
        if not (modules := modules_of(entries)):
            continue
        name, fault = chance.choice(list(FAULTS.items()))
        places = fault(broken, entries, chance.choice(modules), chance)
    report = verify(Request(broken.path, Level.BYTES, base=BASES / base.name))
    serious = [f for f in report.findings if f.severity != "info"]
    said = [f.where.tensor or f.where.module or "" for f in serious]
    for place in places:
        near = [text for text in said if f"{text}.".startswith(f"{place}.")]
        assert near, (
            f"{name} of {place} in {path.name}: {[(f.rule, str(f.where)) for f in serious]}"
        )
