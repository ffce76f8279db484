"""Weights that two tools decompressed: apart from how, which needs numpy."""

import msgspec


class Made(msgspec.Struct, frozen=True):
    """A weight in floats: its (out, in), the largest magnitude and the sum of all.

    `refusal` is why there is none: then nothing else is known.
    """

    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    largest: float = 0.0
    total: float = 0.0
    refusal: str | None = None


class Pair(msgspec.Struct, frozen=True):
    """The same weight as they make it and as release does."""

    module: str
    ours: Made
    theirs: Made


class TheirWeights(msgspec.Struct, frozen=True):
    """Weights that both decompressed: the first of each group and shape, the smallest first."""

    source: str
    pairs: tuple[Pair, ...] = ()
