"""Scales: few bytes, each of which decides about many weights, so every one is looked at."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import EXPONENTS, Reading, Segment
from release.scan.suspicion import Recheck
from release.scan.tally import KEPT_BYTES, SIGNED, UNSIGNED, Tally, add_hits, decode_float
from release.scan.values import NONE, Codes, Hits, Scales, Values

Words = npt.NDArray[Any]

KEPT_ZEROS = 1024
SAMPLED = 16 << 10
SAMPLED_PER_PIECE = 4 << 10


def good_scales(reading: Reading, raw: memoryview, count: int) -> Iterator[Values | None]:
    """The values of `count` tensors of scales, side by side; None for one with a scale that is bad.

    Most tensors of a mixture of experts are scales, and calls of numpy cost more than what they do.
    """
    form, dtype, size = reading.format, reading.dtype, len(raw) // count
    types = UNSIGNED if dtype in EXPONENTS else SIGNED
    grid = np.frombuffer(raw, types[reading.width]).reshape(count, -1)
    high, low = grid.max(axis=1, initial=0), grid.min(axis=1, initial=form.bad - 1)
    good = (high < form.bad) & (low >= max(form.normal, 1)) & (high > 0)
    middle, place = _middles(grid) if size > reading.width > 1 else (low, np.zeros_like(low))
    rows = zip(*(part.tolist() for part in (good, high, low, middle, place)), strict=True)
    for index, (fine, top, least, median, at) in enumerate(rows):
        if not fine:
            yield None
            continue
        value = decode_float(top, dtype)
        low_value = value if least == top else decode_float(least, dtype)
        middle_value = decode_float(median, dtype) if reading.width > 1 else 0.0
        head = bytes(raw[index * size : index * size + min(size, KEPT_BYTES)])
        scales = Scales(low_value, middle_value, at)
        yield Values(grid.shape[1], value, scales=scales, head=head)


def _middles(grid: Words) -> tuple[Words, Words]:
    """The median of each row's sample, and the place of its largest."""
    kept = grid[:, :: -(-grid.shape[1] // SAMPLED)]
    half = kept.shape[1] // 2
    return np.partition(kept, half, axis=1)[:, half], grid.argmax(axis=1)


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
