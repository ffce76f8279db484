"""Which cause the numbers of a weight point to, where those of a good one are unusual."""

import msgspec
import pytest

from release.comparison.causes import cause_of
from release.comparison.floors import FLOAT8, INT3, Floors
from release.comparison.results import Cause, Measure

# An INT3 weight of Student's t with outlier columns, rounded to nearest by llm-compressor.
FLUSHED = Measure(
    *(256, 32768, 10.0, 0.95, 0.897, 0.1, 0.999, 1.0, 0.94, 0.0, 0.80),
    worst=None,
    bad_rows=(),
    dead_rows=(),
)


def judged(floors: Floors, *, moved: bool = False, **changes: object) -> Cause:
    return cause_of(msgspec.structs.replace(FLUSHED, **changes), floors, moved=moved)


def test_codes_that_are_the_nearest_hold_no_factor() -> None:
    assert judged(INT3) is Cause.NONE
    assert judged(INT3, exact=0.8) is Cause.FACTOR


@pytest.mark.parametrize(("sqnr", "cause"), [(27.0, Cause.NONE), (21.0, Cause.CODES)])
def test_zeros_that_gptq_filled_are_no_wrong_codes(sqnr: float, cause: Cause) -> None:
    # Half of a pruned base is zero; in FP8 what GPTQ puts there is many steps away, and tiny.
    changes = {"cosine": 0.999, "slope": 1.0, "exact": 0.4, "near": 0.5, "flushed": 0.0}
    assert judged(FLOAT8, moved=True, sqnr=sqnr, **changes) is cause
