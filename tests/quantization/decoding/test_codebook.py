import numpy as np
import pytest

from release.quantization.decoding.codebook import Codebook, float_book, offset_book, signed_book

BOOKS = {
    "fp4": float_book(4),
    "fp8": float_book(8),
    "int8": signed_book(8),
    "int4 in bytes": signed_book(4),
    **{f"u{bits}": offset_book(bits) for bits in range(2, 9)},
}


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_a_number_rounds_to_the_code_whose_bounds_hold_it(book: Codebook) -> None:
    numbers = np.random.default_rng(5).normal(0, book.largest, 400).astype(np.float32)
    codes = np.flatnonzero(np.isfinite(book.values))
    distance = np.abs(numbers[:, None] - book.values[codes][None])
    nearest = codes[distance.argmin(axis=1)]
    assert ((book.low[nearest] <= numbers) & (numbers <= book.high[nearest])).all()
    others = ((book.low[codes] < numbers[:, None]) & (numbers[:, None] < book.high[codes])).sum(1)
    assert (others <= 2).all()  # two for the codes of +0 and -0, else one


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_near_bounds_hold_the_values_of_both_neighbours(book: Codebook) -> None:
    codes = np.flatnonzero(np.isfinite(book.values))
    grid = np.unique(book.values[codes])
    for code in codes:
        rank = int(np.searchsorted(grid, book.values[code]))
        inside = grid[max(rank - 1, 0) : rank + 2]
        assert (book.near_low[code] < inside).all()
        assert (inside < book.near_high[code]).all()
        for beyond in (rank - 2, rank + 2):
            if 0 <= beyond < len(grid):
                held = book.near_low[code] < grid[beyond] < book.near_high[code]
                assert not held


def test_codes_that_stand_for_nothing_agree_with_nothing() -> None:
    book = signed_book(4)
    assert np.isnan(book.values[100])
    assert not book.low[100] <= 0 <= book.high[100]
    assert np.isnan(float_book(8).values[0x7F])


def test_formats_that_there_are_not() -> None:
    with pytest.raises(KeyError):
        float_book(6)
