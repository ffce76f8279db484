"""What is a weight that is not the base's? Another one's, or its own in another order.

Only for weights that are nothing like theirs: a sample of rows is tried against other tensors of
the base and against the ways in which codes are known to be mis-stored.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from release.comparison.measure import step_of
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder, Rows
from release.quantization.decoding.floats import Floats

SAMPLE = 32
"""Rows of a weight that are tried."""

TALL = 128
"""Rows that columns are tried over, a quarter of them."""

LINES = 8
"""Rows, or columns, that are looked for among all of the base's."""

LIKE = 0.8
"""Cosine of the same weights: two bits reach 0.82, strangers over a sample are near 0."""

NIBBLE, WORD_BYTES = 4, 4


class Sample(msgspec.Struct, frozen=True):
    """Rows from the top of a weight: decoded, and as they would have been had all been well."""

    rows: Rows
    values: Floats


def sample(decoder: Decoder) -> Sample:
    """Read the first rows of a weight."""
    rows = decoder.rows(0, min(SAMPLE, decoder.shape[0]))
    return Sample(rows, rows.values())


def holder(ours: Sample, others: Iterable[tuple[str, Callable[[], Matrix]]]) -> str | None:
    """Find the one among `others` whose weights these are; they are opened one at a time."""
    for name, other in others:
        if cosine(ours.values, other().read(0, len(ours.values))) > LIKE:
            return name
    return None


def disorder(ours: Sample, decoder: Decoder, base: Matrix) -> str | None:
    """Say in which wrong order, or with which wrong reading, these are the base's weights."""
    expected = base.read(0, len(ours.values))
    if cosine(-ours.values, expected) > LIKE:
        return "every sign is turned"
    for what, values in _misreadings(ours.rows):
        if cosine(values, expected) > LIKE:
            return what
    if cosine(ours.values, np.abs(expected)) > LIKE:
        return "the signs are lost"
    if decoder.shape[0] == decoder.shape[1]:
        turned = np.concatenate([part[:, : len(expected)] for part in _pieces(base)]).T
        if cosine(ours.values, turned) > LIKE:
            return "the matrix is transposed"
    return _moved_rows(ours, base) or _moved_columns(decoder, base)


def cosine(left: Floats, right: Floats) -> float:
    """The cosine of two matrices of the same shape, 0 where one is zero or holds NaN."""
    if left.shape != right.shape:
        return 0.0
    both = _sum(left, right)
    norm = (_sum(left, left) * _sum(right, right)) ** 0.5
    return both / norm if norm > 0 and np.isfinite(both / norm) else 0.0


def _misreadings(rows: Rows) -> Iterator[tuple[str, Floats]]:
    codes, bits = rows.codes, _bits(rows)
    even = codes.shape[1] % 2 == 0

    def read(changed: npt.NDArray[np.uint8]) -> Floats:
        return Rows(rows.book, changed, rows.factor, rows.zero).values()

    if bits == NIBBLE and even:
        pairs = codes.reshape(len(codes), -1, 2)
        yield "the two codes of every byte are swapped", read(_flat(pairs[:, :, ::-1]))
    if bits <= NIBBLE and np.nanmin(rows.book.values) == -(1 << (bits - 1)):
        middle = np.uint8(1 << (bits - 1))
        yield "the codes are two's complement, not offset", read(codes ^ middle)
    if bits > NIBBLE and rows.book.values[0x80] in {-128.0, 0.0}:
        yield "the codes are offset where two's complement is read", read(codes ^ np.uint8(0x80))
    fields = WORD_BYTES * 8 // bits
    if 8 % bits == 0 and codes.shape[1] % fields == 0:
        words = codes.reshape(len(codes), -1, WORD_BYTES, 8 // bits)
        yield "the bytes of every 32-bit word are reversed", read(_flat(words[:, :, ::-1]))
        yield "the codes of every 32-bit word are reversed", read(_flat(words[:, :, ::-1, ::-1]))


def _bits(rows: Rows) -> int:
    return max(1, int(np.count_nonzero(np.isfinite(rows.book.values))) - 1).bit_length()


def _moved_rows(ours: Sample, base: Matrix) -> str | None:
    """Look for the first rows among all of the base's."""
    lines = _unit(ours.values[:LINES])
    best, where = np.full(len(lines), -1.0), np.zeros(len(lines), np.int64)
    start = 0
    for part in _pieces(base):
        likeness = lines @ _unit(part).T
        found = likeness.argmax(axis=1)
        values = likeness[np.arange(len(lines)), found]
        better = values > best
        best[better], where[better] = values[better], start + found[better]
        start += len(part)
    return _moved("row", best, where, base.rows)


def _moved_columns(decoder: Decoder, base: Matrix) -> str | None:
    """Look for the first columns among all of the base's, by their first rows."""
    height = min(4 * TALL, decoder.shape[0])
    ours = decoder.rows(0, height).values()[:, :LINES].T
    likeness = _unit(ours) @ _unit(base.read(0, height).T).T
    where = likeness.argmax(axis=1)
    return _moved("column", likeness[np.arange(len(where)), where], where, base.columns)


def _moved(
    what: str, likeness: npt.NDArray[np.float64], where: npt.NDArray[np.int64], count: int
) -> str | None:
    if np.count_nonzero(likeness > LIKE) < max(2, len(where) * 3 // 4):
        return None
    shift = (where - np.arange(len(where))) % count
    if not shift.any():
        return None
    if (shift == shift[0]).all():
        return f"every {what} is the base's {shift[0]} further on"
    first = int(np.argmax(where != np.arange(len(where))))
    return f"the {what}s are in another order: {what} {first} is the base's {what} {where[first]}"


def _pieces(base: Matrix) -> Iterator[Floats]:
    step = step_of(base.columns)
    for start in range(0, base.rows, step):
        yield base.read(start, min(start + step, base.rows))


def _flat(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(codes).reshape(len(codes), -1)


def _unit(values: Floats) -> npt.NDArray[np.float64]:
    lines = values.astype(np.float64)
    norms = np.linalg.norm(lines, axis=1, keepdims=True)
    return lines / np.where(norms > 0, norms, 1)


def _sum(left: Floats, right: Floats) -> float:
    return float(np.einsum("ij,ij->", left, right, dtype=np.float64))
