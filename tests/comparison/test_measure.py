"""The streamed measures against the same numbers computed at once, in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.comparison.floors import NVFP4
from release.comparison.measure import measure, step_of, strays
from release.comparison.results import Measure, OffGroup
from release.quantization.decoding.codebook import float_book
from release.quantization.decoding.decoder import Rows
from release.quantization.decoding.floats import Floats


class Codes:
    """A decoder of codes that are in memory."""

    def __init__(
        self, codes: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", scale: float
    ) -> None:
        self.shape, self._codes, self._scale = codes.shape, codes, np.array([[scale]], np.float32)
        self.group = 4 if codes.shape[1] > 4 else 0

    def rows(self, start: int, stop: int) -> Rows:
        return Rows(float_book(4), self._codes[start:stop], self._scale)


class Weights:
    def __init__(self, values: Floats) -> None:
        self.rows, self.columns, self._values = len(values), values.shape[1], values

    def read(self, start: int, stop: int) -> Floats:
        return self._values[start:stop]


def both(seed: int, rows: int, columns: int) -> tuple[Codes, Weights, Floats]:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 16, (rows, columns), dtype=np.uint8)
    ours = float_book(4).values[codes] * np.float32(0.5)
    base = (ours + random.normal(0, 0.1, ours.shape)).astype(np.float32)
    return Codes(codes, 0.5), Weights(base), ours


def measured(codes: Codes, base: Weights) -> Measure:
    return measure(codes, base, NVFP4)  # type: ignore[arg-type]


@given(seed=st.integers(0, 1000), rows=st.integers(1, 40), columns=st.integers(1, 60))
def test_sums_over_ranges_are_those_over_all(seed: int, rows: int, columns: int) -> None:
    codes, base, ours = both(seed, rows, columns)
    w, d = base.read(0, rows).astype(np.float64), ours.astype(np.float64)
    found = measured(codes, base)
    off, own = ((w - d) ** 2).sum(), (w**2).sum()
    assert found.sqnr == pytest.approx(10 * np.log10(own / off), abs=1e-3)
    assert found.slope == pytest.approx((w * d).sum() / own, abs=1e-6)
    assert found.error == pytest.approx(np.abs(w - d).max() / np.abs(w).max(), rel=1e-5)
    assert found.elements == rows * columns


@given(seed=st.integers(0, 1000), rows=st.integers(1, 300), groups=st.integers(2, 200))
def test_one_group_of_another_size_is_found(seed: int, rows: int, groups: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.choice(np.array([2, 4, 10, 13], np.uint8), (rows, 4 * groups))  # none small
    base = float_book(4).values[codes] * np.float32(0.5)
    row, group = int(random.integers(rows)), int(random.integers(groups))
    assert measured(Codes(codes, 0.5), Weights(base.copy())).off_groups == 0
    base[row, 4 * group : 4 * group + 4] *= 4
    found = measured(Codes(codes, 0.5), Weights(base))
    assert (found.off_groups, found.off_group) == (1, OffGroup(row, 4 * group, 0.25))


def test_more_than_one_range() -> None:
    codes, base, ours = both(1, 150, 2000)
    assert step_of(2000) < 150
    found = measured(codes, base)
    off = base.read(0, 150).astype(np.float64) - ours
    own = (base.read(0, 150).astype(np.float64) ** 2).sum(axis=1)
    rows = 10 * np.log10(own / (off**2).sum(axis=1))
    assert found.worst is not None
    assert found.worst.index == rows.argmin()
    assert found.worst.sqnr == pytest.approx(rows.min(), abs=1e-3)


def test_codes_agree_where_the_base_rounds_to_them() -> None:
    codes = np.array([[2, 2, 2, 2]], np.uint8)  # 1.0; its neighbours are 0.5 and 1.5
    base = Weights(np.array([[1.2, 1.26, 1.74, 1.76]], np.float32))
    found = measured(Codes(codes, 1.0), base)
    assert (found.exact, found.near) == (0.25, 0.75)


def test_values_beyond_the_scale_and_values_that_are_lost() -> None:
    codes = np.array([[7, 7, 0, 0]], np.uint8)  # 6, 6, 0, 0
    found = measured(Codes(codes, 1.0), Weights(np.array([[6, 9, 0.1, 0]], np.float32)))
    assert found.clipped == 0.25
    assert found.flushed == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("slope", "cosine", "strange"),
    [
        (0.5, 0.95, True),  # of half the scale
        (2.0, 0.95, True),
        (1.0, 0.1, True),  # another row
        (1.0, 0.4, False),  # much noise of GPTQ
        (0.52, 0.52, False),  # and where it lies along a row of few large values
        (0.6, 0.95, False),
        (1.25, 0.9999, True),  # no noise explains it
        (1.05, 0.9999, False),
    ],
)
def test_rows_that_are_not_the_bases(slope: float, cosine: float, strange: bool) -> None:
    base, ours, both = np.array([2.0]), np.array([2 * (slope / cosine) ** 2]), np.array([2 * slope])
    assert strays(base, ours, both, NVFP4) == ([0] if strange else [])
