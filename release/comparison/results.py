"""What comparing says of one tensor. No numpy here: rules and reports name these types."""

from enum import StrEnum

import msgspec

ROTATED = "its method rotates it: of the values only their norm is compared"
"""Why a tensor was not compared that need not be."""


class Row(msgspec.Struct, frozen=True):
    """One row and its SQNR in dB."""

    index: int
    sqnr: float


class OffGroup(msgspec.Struct, frozen=True):
    """A group of columns by its row and first column, and its slope over the base."""

    row: int
    column: int
    slope: float


class Measure(msgspec.Struct, frozen=True):
    """The distance of one weight from the base. SQNR in dB, the others are ratios.

    `gain` is the weight's norm over the base's. `exact` and `near` are the shares of codes that
    agree, and that agree within one step, `clipped` that of values beyond the range of their scale,
    `flushed` that of non-zero values stored as zero. `worst` is the row of the least SQNR, rows
    that are next to nothing in the base left out; `bad_rows` are those under the floor that was
    asked for, `dead_rows` those among them that are zero here, `stray_rows` those that have not the
    base's direction or size either. `dead_columns` are zero here where the base rounds to other
    codes. `far` counts codes that are not within one step, `far_row` is the row of the first of
    them. `off_groups` counts groups of columns with a scale of their own whose slope is far from
    1; `off_group` is the first of them.
    """

    rows: int
    elements: int
    sqnr: float
    cosine: float
    slope: float
    error: float
    exact: float
    near: float
    gain: float
    clipped: float
    flushed: float
    worst: Row | None
    bad_rows: tuple[int, ...]
    dead_rows: tuple[int, ...]
    stray_rows: tuple[int, ...] = ()
    dead_columns: tuple[int, ...] = ()
    far: int = 0
    far_row: int | None = None
    off_groups: int = 0
    off_group: OffGroup | None = None


class Sameness(StrEnum):
    """How an unquantized tensor relates to the base's."""

    IDENTICAL = "identical"
    CAST = "cast to another dtype"
    RECENTRED = "rounded as 1 + w"
    FOLDED = "scaled with the weights that it feeds"
    DIFFERENT = "different"


class Likeness(msgspec.Struct, frozen=True):
    """What the comparison of one unquantized tensor showed.

    `differing` counts elements, `first` is the flat index of the first of them, `largest` the
    largest difference over the base's largest magnitude. `change` is what turns all of the base's
    values into ours, where one factor or one summand does: `times 0.001`, `plus 1`.
    """

    sameness: Sameness
    elements: int
    cosine: float = 1.0
    differing: int = 0
    first: int | None = None
    largest: float = 0.0
    change: str = ""


class Cause(StrEnum):
    """Why a quantized weight is not what it should be: one cause for each, the first that fits."""

    NONE = ""
    HOLDS_ANOTHER = "holds another tensor"
    DISORDER = "is in another order"
    FACTOR = "is off by a factor"
    ROWS = "has rows that are wrong"
    COLUMNS = "has columns that are zero"
    COSINE = "is not like the base"
    GROUPS = "has groups that are off by a factor"
    CODES = "has other codes"
    NOISE = "is noisier than its scheme"
    RANGE = "is clipped or flushed"


class Compared(msgspec.Struct, frozen=True):
    """A quantized weight and the base's, by the text of its view; `detail` is of the cause.

    `undone` says which change of the method was undone on the base before measuring.
    """

    module: str
    scheme: str
    base: str
    measure: Measure
    cause: Cause = Cause.NONE
    detail: str = ""
    undone: str = ""


class Difference(msgspec.Struct, frozen=True):
    """An unquantized tensor and the base's; `holds` is the tensor whose values it has instead."""

    tensor: str
    base: str
    likeness: Likeness
    holds: str = ""
