"""Scales: few bytes, each of which decides about many weights, so every one is looked at."""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import EXPONENTS, Reading, Segment
from release.scan.suspicion import Recheck
from release.scan.tally import SIGNED, UNSIGNED, Tally, add_hits, decode_float
from release.scan.values import NONE, Codes, Hits, Scales, Values

Words = npt.NDArray[Any]

KEPT_ZEROS = 1024
ONE = Hits(1, 0)
SAMPLED = 16 << 10
SAMPLED_PER_PIECE = 4 << 10


def scalar(reading: Reading, raw: bytes) -> Values:
    """One scale: most tensors of a mixture of experts are no more than that."""
    form = reading.format
    word = int.from_bytes(raw, "little")
    if max(form.normal, 1) <= word < form.bad:
        value = decode_float(word, reading.dtype)
        return Values(1, value, scales=Scales(value, value, 0), head=raw)
    size = word & (form.sign - 1)
    bad, zero = size >= form.bad, size == 0
    negative = word != size and not bad and not zero
    good = not bad and not zero and not negative
    value = decode_float(size, reading.dtype) if good else 0.0
    scales = Scales(
        low=value,
        median=value,
        top_at=0,
        negative=ONE if negative else NONE,
        zero=ONE if zero else NONE,
        tiny=ONE if size < form.normal and not zero and not negative else NONE,
        zeros=(0,) if zero else (),
    )
    return Values(
        words=1,
        top=value,
        bad=ONE if bad else NONE,
        infinite=int(size == form.infinity),
        scales=scales,
        head=raw,
    )


class ScaleTally(Tally):
    """Scales in floats or exponents.

    A signed word from 1 to just under NaN is a good scale: two reductions find whether all are.
    """

    weighed = False

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._exponents = reading.dtype in EXPONENTS
        self._low: int | None = None
        self._top_at = 0
        self._negative: Hits = NONE
        self._nothing: Hits = NONE
        self._tiny: Hits = NONE
        self._zeros: list[int] = []
        self._kept: list[Words] = []
        self._count = 0

    def look(self, words: Words) -> None:
        """Find the smallest and largest; look closer if these are no good scales."""
        form = self.reading.format
        types = UNSIGNED if self._exponents else SIGNED
        ordered = words.view(types[self.reading.width])
        high, low = int(ordered.max()), int(ordered.min())
        if high >= form.bad or low < max(form.normal, 1):
            ordered = self._look_closer(words)
            high, low = (int(ordered.max()), int(ordered.min())) if len(ordered) else (0, 0)
        if high > self.top:
            self.top = high
            if self.reading.width > 1:
                self._top_at = self.words + int((words == words.dtype.type(high)).argmax())
        if len(ordered):
            self._low = low if self._low is None else min(low, self._low)
        if self.reading.width > 1:
            self._keep(words)

    def _look_closer(self, words: Words) -> Words:
        """Count what is wrong; give the words that are finite and positive."""
        form = self.reading.format
        size = words if self._exponents else words & words.dtype.type(form.sign - 1)
        bad, zero = size >= form.bad, size == 0
        signed = (words != size) & ~bad & ~zero
        tiny = (size < form.normal) & ~zero & ~signed
        self.bad = add_hits(self.bad, bad, self.words)
        if form.infinity is not None:
            self.infinite += int(np.count_nonzero(size == form.infinity))
        self._negative = add_hits(self._negative, signed, self.words)
        self._tiny = add_hits(self._tiny, tiny, self.words)
        self._nothing = add_hits(self._nothing, zero, self.words)
        if len(self._zeros) < KEPT_ZEROS:
            places = np.flatnonzero(zero)[: KEPT_ZEROS - len(self._zeros)] + self.words
            self._zeros += places.tolist()
        good: Words = size[~bad & ~signed & ~zero]
        return good

    def _keep(self, words: Words) -> None:
        if self._count < SAMPLED:
            # What a first piece holds is the whole of most scales; of others, a part of each.
            limit = SAMPLED if not self._kept else SAMPLED_PER_PIECE
            kept = words[:: max(1, -(-len(words) // limit))].copy()
            self._kept.append(kept)
            self._count += len(kept)

    def values(self, segment: Segment, recheck: Recheck, codes: Codes | None = None) -> Values:  # noqa: ARG002
        """What was tallied."""
        form = self.reading.format
        median = self._median(form.bad)
        scales = Scales(
            low=self.decode(self._low) if self._low else 0.0,
            median=self.decode(median) if median else 0.0,
            top_at=self._top_at,
            negative=self._negative,
            zero=self._nothing,
            tiny=self._tiny,
            zeros=tuple(self._zeros),
        )
        return Values(
            words=self.words,
            top=self.decode(self.top),
            bad=self.bad,
            infinite=self.infinite,
            scales=scales,
            head=self._head,
        )

    def _median(self, bad: int) -> int:
        """The median word of the positive scales of the sample, 0 if there are none."""
        if not self._kept:
            return 0
        kept = self._kept[0] if len(self._kept) == 1 else np.concatenate(self._kept)
        if len(kept) == 1:
            return int(kept[0]) if 0 < kept[0] < bad else 0
        good = kept[(kept < bad) & (kept > 0)]
        return int(np.partition(good, len(good) // 2)[len(good) // 2]) if len(good) else 0

    def decode(self, word: int) -> float:
        """The value of a scale's word."""
        return decode_float(word, self.reading.dtype)
