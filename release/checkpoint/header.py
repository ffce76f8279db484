"""The safetensors header: eight bytes of length, JSON, and what both promise about the file.

Bounded and torch-free. The format: https://github.com/huggingface/safetensors#format.
"""

from typing import Any

import msgspec

from release.checkpoint.document import parse_document
from release.checkpoint.kinds import instead, kind_of
from release.errors import CheckpointError, Fault

PREFIX_BYTES = 8
HEADER_CAP = 100_000_000
FILE_CAP = 1 << 60  # bytes; no file is that long, and sums of positions stay in 64 bits
SIZE_CAP = 1 << 64  # what the format counts in
PLAIN = (str, bool, type(None))
ENTRY_KEYS = {"dtype", "shape", "data_offsets"}
SHOWN = 100

DTYPE_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}


class TensorInfo(msgspec.Struct, frozen=True, gc=False):
    """One tensor as a header declares it; `start` and `end` are byte positions in its shard."""

    dtype: str
    shape: tuple[int, ...]
    shard: str
    start: int
    end: int

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return self.end - self.start

    @property
    def elements(self) -> int:
        """Stored elements; a scalar of shape [] has one."""
        return product(self.shape)


class Header(msgspec.Struct, frozen=True):
    """A shard's header; `data_end` is where the last tensor ends, in bytes of the file."""

    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]
    data_end: int


def product(shape: tuple[int, ...]) -> int:
    """Elements of a shape, exact whatever its size."""
    count = 1
    for dim in shape:
        count *= dim
    return count


def header_length(head: bytes, size: int, file: str) -> int:
    """Read the header's length from the first bytes (8 or more) of a file of `size` bytes.

    Raises `CheckpointError` before anything is allocated when it cannot be true.
    """
    hint = "download or export the file again"
    kind = kind_of(head)
    if kind is not None and head[PREFIX_BYTES : PREFIX_BYTES + 1] != b"{":
        raise CheckpointError(file, *instead(kind, size), Fault.NOT_WEIGHTS)
    if size < PREFIX_BYTES or len(head) < PREFIX_BYTES:
        what = "is empty" if size == 0 else f"is {size} bytes long, shorter than any header"
        raise CheckpointError(file, what, hint, Fault.NOT_WEIGHTS)
    length = int.from_bytes(head[:PREFIX_BYTES], "little")
    if length > HEADER_CAP:
        what = f"declares a header of {length:,} bytes, more than the format's {HEADER_CAP:,}"
        raise CheckpointError(file, what, hint, Fault.HEADER_LENGTH)
    if not 2 <= length <= size - PREFIX_BYTES:  # noqa: PLR2004 - "{}" is the shortest header
        what = f"declares a header of {length:,} bytes in a file of {size:,} bytes"
        raise CheckpointError(file, what, hint, Fault.HEADER_LENGTH)
    return length


def parse_header(raw: bytes, file: str) -> Header:
    """Parse a header's JSON (without its length prefix) and check it against itself.

    Keys are unique, dtypes known, shape x dtype equals the bytes claimed, and the ranges cover
    the data without hole or overlap. Raises `CheckpointError` naming the tensor.
    """
    if not raw.startswith(b"{"):
        raise _bad(file, "header does not start with '{'")
    document = parse_document(raw, file, Fault.HEADER_JSON)
    if document.duplicates:
        raise _bad(file, f"header names {document.duplicates[0]!r:.{SHOWN}} twice")
    if document.constants:
        raise _bad(file, f"header holds {document.constants[0]}, which is not JSON")
    entries = document.value
    metadata = entries.pop("__metadata__", None)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _bad(file, "header's __metadata__ must map strings to strings")
    base = PREFIX_BYTES + len(raw)
    tensors = {name: _tensor(name, entry, file, base) for name, entry in entries.items()}
    return Header(tensors, metadata, _contiguous(tensors, file, base))


def check_length(header: Header, size: int, file: str) -> None:
    """Raise `CheckpointError` unless the file's `size` in bytes is where its tensors end."""
    if size == header.data_end:
        return
    missing = header.data_end - size
    what = (
        f"is truncated: {missing:,} of {header.data_end:,} bytes are missing"
        if missing > 0
        else f"has {-missing:,} bytes after its last tensor"
    )
    raise CheckpointError(file, what, "download or export the file again", Fault.FILE_LENGTH)


def _bad(
    file: str, what: str, fault: Fault = Fault.HEADER_JSON, tensor: str | None = None
) -> CheckpointError:
    if tensor is not None:
        what = f"tensor {tensor!r:.{SHOWN}}: {what}"
    return CheckpointError(file, what, "export the file again with safetensors", fault, tensor)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < SIZE_CAP


def _is_plain(value: Any) -> bool:
    """Whether safetensors would skip a value under a key that it does not know."""
    return isinstance(value, PLAIN) or (isinstance(value, (int, float)) and abs(value) < SIZE_CAP)


def _needed_bits(dtype: str, shape: list[int]) -> int | None:
    """Bits of a tensor's values; None where the format's 64-bit count of them overflows."""
    needed = 1
    for dim in [*shape, DTYPE_BITS[dtype]]:
        needed *= dim
        if needed >= SIZE_CAP:
            return None
    return needed


def _tensor(name: str, entry: Any, file: str, base: int) -> TensorInfo:
    if not _is_sound(entry):
        _refuse(name, entry, file)
    start, end = entry["data_offsets"]
    return TensorInfo(entry["dtype"], tuple(entry["shape"]), file, base + start, base + end)


def _is_sound(entry: Any) -> bool:
    """Whether an entry is all that it should be: of nearly every tensor, so without a detour.

    None of those without values, whose sizes may overflow on the way to none.
    """
    if type(entry) is not dict or entry.keys() != ENTRY_KEYS:
        return False
    dtype, shape, span = entry["dtype"], entry["shape"], entry["data_offsets"]
    if type(dtype) is not str or type(shape) is not list or type(span) is not list:
        return False
    needed = DTYPE_BITS.get(dtype, 0)
    for dim in shape:
        if type(dim) is not int or dim < 0:
            return False
        needed *= dim
    if len(span) != 2 or type(span[0]) is not int or type(span[1]) is not int:  # noqa: PLR2004
        return False
    start, end = span
    return bool(0 <= start < end < FILE_CAP and needed == (end - start) * 8)


def _refuse(name: str, entry: Any, file: str) -> None:
    """Raise what is wrong with an entry, if anything is."""

    def bad(what: str, fault: Fault = Fault.HEADER_JSON) -> CheckpointError:
        return _bad(file, what, fault, name)

    if not isinstance(entry, dict):
        raise bad("header entry is not an object")
    dtype, shape, span = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise bad(f"unknown dtype {dtype!r:.40}")
    if not isinstance(shape, list) or not all(map(_is_count, shape)):
        raise bad(f"shape must be a list of sizes, not {shape!r:.60}")
    if not isinstance(span, list) or len(span) != 2 or not all(map(_is_count, span)):  # noqa: PLR2004
        raise bad(f"data_offsets must be two positions, not {span!r:.60}")
    others = entry.keys() - ENTRY_KEYS if len(entry) > len(ENTRY_KEYS) else ()
    if not all(_is_plain(entry[key]) for key in others):
        raise bad("header entry holds more than dtype, shape and data_offsets")
    start, end = span
    if start > end:
        raise bad(f"ends at {end} before it starts at {start}", Fault.TENSOR_RANGES)
    if end >= FILE_CAP:
        raise bad(f"ends at {end:,}, more bytes than any file has", Fault.TENSOR_RANGES)
    needed = _needed_bits(dtype, shape)
    if needed != (end - start) * 8:
        size = "more bytes than can be counted" if needed is None else f"{needed / 8:,.16g} bytes"
        what = f"{dtype} {shape!r:.60} needs {size}, has {end - start:,}"
        raise bad(what, Fault.TENSOR_BYTES)


def _contiguous(tensors: dict[str, TensorInfo], file: str, base: int) -> int:
    position = base
    for name, info in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if info.start != position:
            kind = "overlaps" if info.start < position else "leaves a hole before"
            at, free = info.start - base, position - base
            what = f"at byte {at:,} {kind} data byte {free:,}"
            raise _bad(file, what, Fault.TENSOR_RANGES, name)
        position = info.end
    return position
