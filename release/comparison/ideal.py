"""What rounding to nearest would make of these very weights: the floor that they themselves set.

Heavy tails and outliers leave any rounding of few bits little of the small weights. A weight is no
noisier than its scheme where plain rounding, with scales from the largest magnitudes, is as noisy.
"""

import msgspec
import numpy as np

from release.comparison.floors import NEAR_MOVED, Floors
from release.comparison.measure import Coded, decibels, dot, measure, step_of, strays
from release.comparison.results import Cause, Measure
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder, Rows
from release.quantization.decoding.codebook import Codebook, float_book
from release.quantization.decoding.floats import Floats

RELATIVE = {Cause.FACTOR, Cause.ROWS, Cause.COSINE, Cause.GROUPS, Cause.NOISE, Cause.RANGE}
"""What weights that are hard to round can look like."""

NOISIER, FLATTER, MORE_FLUSHED = 1.5, 0.03, 0.05
"""How much worse than plain rounding a weight may be: dB, of slope and cosine, of its values."""

MOVED, COSINE_MOVED = 14.0, 0.70
"""dB under plain rounding, and the cosine, that GPTQ may leave: of trained weights it was at most
8 dB, of Student's t with rows 300 times larger 13 dB and 0.74. Of experts that saw few tokens and
have such rows it was 24 dB, but no more than 11 of their median row."""

BLOCK_LARGEST, BLOCK_LEAST = np.float32(448), np.float32(0.125)
"""The largest E4M3 scale of a block, which a global scale makes of the tensor's largest, and what
compressed_tensors stores for one that rounds to zero."""

POWERS = {4: 2, 8: 8}
"""Exponent of the largest number, by bits, that scales of powers of two leave to the codes."""


class Ideal:
    """A matrix of the base as its scheme's rounding to nearest stores it: a decoder's stand-in."""

    def __init__(self, decoder: Decoder, base: Matrix) -> None:
        self._base, self._book = base, decoder.book
        self.shape, self.group = decoder.shape, decoder.group
        self._args, self._powers = decoder.scheme.weights, decoder.powers
        block = self._args.block_structure
        self._height = block[0] if block else 1
        self._width = block[1] if block else self._args.group_size or self.shape[1]
        self._whole = self._args.strategy == "tensor"
        if self._whole:
            self._height = self.shape[0]
        self._edges = np.arange(0, self.shape[1], self._width)
        self._ranges = self._of_blocks() if self._height > 1 else None
        self._unit = self._of_scales() if self._args.strategy == "tensor_group" else None

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`, rounded."""
        base = self._base.read(start, stop)
        if self._ranges is None:
            low, high = self._range(base)
        else:
            units = np.arange(start, stop) // self._height
            low, high = (part[units] for part in self._ranges)
        factor, zero = self._scales(low, high)
        factor, zero = self._spread(factor), None if zero is None else self._spread(zero)
        steps = base / factor if zero is None else base / factor + zero
        return Rows(self._book, _nearest(self._book, steps), factor, zero)

    def _of_blocks(self) -> tuple[Floats, Floats]:
        """The least and the largest value of every block of rows: (blocks, blocks of columns)."""
        count = -(-self.shape[0] // self._height), len(self._edges)
        low, high = np.zeros(count, np.float32), np.zeros(count, np.float32)
        step = step_of(self.shape[1])
        for start in range(0, self.shape[0], step):
            stop = min(start + step, self.shape[0])
            least, most = self._range(self._base.read(start, stop))
            units = np.arange(start, stop) // self._height
            np.minimum.at(low, units, least)
            np.maximum.at(high, units, most)
        if self._whole:
            low, high = low.min(axis=1, keepdims=True), high.max(axis=1, keepdims=True)
        return low, high

    def _of_scales(self) -> np.float32:
        """What one stands for in a block's scale: the inverse of the global scale."""
        step = step_of(self.shape[1])
        pieces = (
            self._base.read(start, min(start + step, self.shape[0]))
            for start in range(0, self.shape[0], step)
        )
        largest = max((np.abs(piece).max(initial=0) for piece in pieces), default=0)
        return np.float32(max(largest, 1e-30) / (self._book.largest * BLOCK_LARGEST))

    def _range(self, base: Floats) -> tuple[Floats, Floats]:
        low = np.minimum(np.minimum.reduceat(base, self._edges, axis=1), 0)
        return low, np.maximum(np.maximum.reduceat(base, self._edges, axis=1), 0)

    def _scales(self, low: Floats, high: Floats) -> tuple[Floats, Floats | None]:
        """Scales and zero points, as the observers of compressed_tensors take them from a range."""
        args, tiny = self._args, np.float32(1e-30)
        largest = np.maximum(high, -low)
        if args.type == "float" and self._powers:
            exponent = np.floor(np.log2(np.maximum(largest, tiny) * np.float32(8 / 7)))
            return np.exp2(exponent - POWERS[args.num_bits]).astype(np.float32), None
        if args.type == "float":
            factor = np.maximum(largest / np.float32(self._book.largest), tiny)
            return factor if self._unit is None else _of_eight_bits(factor, self._unit), None
        steps = np.float32((1 << args.num_bits) - 1)
        if args.symmetric:
            return np.maximum(2 * largest / steps, tiny), None
        factor = np.maximum((high - low) / steps, tiny)
        return factor, np.rint(-low / factor) - np.float32(1 << (args.num_bits - 1))

    def _spread(self, grouped: Floats) -> Floats:
        if grouped.shape[1] == 1:
            return grouped
        return np.repeat(grouped, self._width, axis=1)[:, : self.shape[1]]


def relieved(
    found: Measure, floors: Floors, ideal: Measure, *, moved: bool
) -> tuple[Measure, Floors]:
    """The measure and its bounds, without what plain rounding does to these weights as well.

    `moved`: nor what a method that moves weights on purpose does, whose rows are any distance away.
    """
    dead = set(found.dead_rows) - set(ideal.dead_rows)
    bad = set(found.stray_rows) if moved else set(found.bad_rows)
    bad = bad - set(ideal.bad_rows) | dead
    low, high = floors.slope
    measure = msgspec.structs.replace(
        found,
        bad_rows=tuple(sorted(bad)),
        dead_rows=tuple(sorted(dead)),
        off_groups=max(0, found.off_groups - ideal.off_groups),
    )
    floors = msgspec.structs.replace(
        floors,
        cosine=min(floors.cosine, ideal.cosine - FLATTER),
        rounded=min(floors.rounded, ideal.sqnr - NOISIER),
        slope=(min(low, ideal.slope - FLATTER), max(high, ideal.slope + FLATTER)),
        flushed=max(floors.flushed, ideal.flushed + MORE_FLUSHED),
    )
    if moved and found.near >= NEAR_MOVED:
        least = min(floors.moved, ideal.sqnr - MOVED)
        floors = msgspec.structs.replace(
            floors, moved=least, cosine=min(floors.cosine, COSINE_MOVED)
        )
    return measure, floors


def measure_ideal(decoder: Decoder, base: Matrix, floors: Floors) -> Measure:
    """Measure what rounding to nearest would have made of the base."""
    return measure(Ideal(decoder, base), base, floors)


def usual_row(found: Measure, floors: Floors, decoder: Coded, base: Matrix) -> Measure:
    """The measure with the median of rows, and rows that are wrong over the values in reach.

    What AutoRound cuts off is no factor, and what GPTQ does to a row that outweighs all others
    says nothing of these.
    """
    parts = []
    step = step_of(decoder.shape[1])
    for start in range(0, decoder.shape[0], step):
        stop = min(start + step, decoder.shape[0])
        rows, theirs = decoder.rows(start, stop), base.read(start, stop)
        kept = np.where(np.abs(rows.in_steps(theirs)) <= rows.book.largest, theirs, 0)
        values = rows.values()
        whole, off = dot(theirs, theirs), dot(theirs - values, theirs - values)
        alike = dot(theirs, values) / np.sqrt(whole * dot(values, values))
        reached = np.where(kept != 0, values, 0)
        sums = dot(kept, values), dot(kept, kept), dot(reached, reached)
        parts.append(np.stack([*sums, alike, decibels(whole, off)]))
    both, own, ours, alike, ratio = np.concatenate(parts, axis=1)
    full = own > 0
    if not full.any():
        return found
    bad = set(found.dead_rows) | set(found.bad_rows) & set(strays(own, ours, both, floors))
    return msgspec.structs.replace(
        found,
        slope=float(np.median(both[full] / own[full])),
        sqnr=max(found.sqnr, float(np.median(ratio[full]))),
        cosine=max(found.cosine, float(np.nanmedian(alike))),
        bad_rows=tuple(sorted(bad)),
    )


def _of_eight_bits(factor: Floats, unit: np.float32) -> Floats:
    """Scales as E4M3 numbers of a unit."""
    book = float_book(8)
    scales = book.values[_nearest(book, factor / unit)]
    return np.where(scales == 0, BLOCK_LEAST, scales) * unit


def _nearest(book: Codebook, steps: Floats) -> np.ndarray:
    """The code of the number nearest to each: (rows, in)."""
    known = np.flatnonzero(np.isfinite(book.values))
    codes = known[np.argsort(book.values[known], kind="stable")].astype(np.uint8)
    grid = book.values[codes]
    found: np.ndarray = codes[np.searchsorted((grid[1:] + grid[:-1]) / 2, steps)]
    return found
