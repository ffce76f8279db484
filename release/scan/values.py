"""What is kept of a tensor once its bytes have gone by. No numpy here: rules read it."""

import msgspec


class Hits(msgspec.Struct, frozen=True, gc=False):
    """Words (or rows) of one kind: how many, and the index of the first."""

    count: int = 0
    first: int | None = None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self.count > 0


NONE = Hits()


class Hole(msgspec.Struct, frozen=True, gc=False):
    """A long run of one byte value: `start` counts bytes from the tensor's first.

    `torn` where it begins or ends as pages of a file do, or inside a row: as no pruning would.
    """

    start: int
    length: int
    byte: int
    torn: bool


class Scales(msgspec.Struct, frozen=True, gc=False):
    """Scales as values. Indices count scales; `zeros` are the first places of zeros, capped.

    `low` is the smallest positive one. Of floats, `top_at` is the place of the largest and `median`
    that of up to 16 Ki scales, evenly spread; of one-byte scales both are 0. `tiny` are subnormal
    floats, of FP8 those under 2^-6, of exponents those under 2^-67.
    """

    low: float
    median: float
    top_at: int
    negative: Hits = NONE
    zero: Hits = NONE
    tiny: Hits = NONE
    zeros: tuple[int, ...] = ()


class Codes(msgspec.Struct, frozen=True, gc=False):
    """Quantized codes of a sample, evenly spread over the tensor; shares are 0 to 1.

    `distinct` codes occur, `common` is the share of the most frequent one, `ends` that of codes
    at an end of the range, `negative` that of negative ones among those that are not zero.
    `mean` is that of integers of fewer than eight bits, as signed numbers, in steps.
    `units` are the units of one scale that were seen whole and are not all zero, `weak` those
    whose largest code is under half of the range, `blank` those in part of a row that are zero.
    """

    sampled: int
    distinct: int
    common: float
    ends: float
    negative: float
    units: int = 0
    weak: int = 0
    blank: int = 0
    mean: float = 0.0


class Indices(msgspec.Struct, frozen=True, gc=False):
    """Integers that number groups: the range they lie in, and how often the numbers occur."""

    low: int
    high: int
    distinct: int
    rarest: int
    commonest: int


class Values(msgspec.Struct, frozen=True, gc=False):
    """One tensor. Indices count words as stored, row by row.

    `top` is the largest finite magnitude, of integers in codes; `bad` are NaN and Inf, `infinite`
    of them Inf. `rows` is 0 where rows were not looked at; `zero_rows` quantize to nothing but
    zeros, `zero_run` is the longest run of them, from row `zero_run_at` on. `padding` are rows with
    bits set behind the last packed code. `zero`: all values are zero, where that can be said;
    `constant`: all words are alike. `mark` is a digest of eight bytes of every 4 KiB, `head` the
    first 64 bytes.
    """

    words: int
    top: float = 0.0
    bad: Hits = NONE
    infinite: int = 0
    rows: int = 0
    zero_rows: Hits = NONE
    zero_run: int = 0
    zero_run_at: int = 0
    padding: Hits = NONE
    zero: bool = False
    constant: bool = False
    hole: Hole | None = None
    codes: Codes | None = None
    scales: Scales | None = None
    indices: Indices | None = None
    mark: bytes = b""
    head: bytes = b""


class FileScan(msgspec.Struct, frozen=True):
    """One file: size and sha256 (hex) of the bytes read, and the values of its tensors.

    `again` counts bytes that were read a second time, to be sure of a suspicion.
    """

    path: str
    size: int
    sha256: str
    tensors: dict[str, Values] = {}
    again: int = 0


class Scan(msgspec.Struct, frozen=True):
    """Every file of a checkpoint but its card, by path. `reused` are those of an earlier run."""

    files: dict[str, FileScan]
    reused: tuple[str, ...] = ()

    @property
    def again(self) -> int:
        """Bytes that were read a second time."""
        return sum(file.again for file in self.files.values())
