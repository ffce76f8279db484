"""Numbers as the bytes that checkpoints store them in."""

import struct


def f32(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def f16(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}e", *values)


def bf16(*values: float) -> bytes:
    """BF16 is the upper half of F32; these values have nothing in the lower one."""
    return b"".join(struct.pack("<f", value)[2:] for value in values)


def flip(raw: bytes, *, keep: int = 0xFF, add: int = 0) -> bytes:
    """Every byte masked, then with bits added."""
    return bytes(byte & keep | add for byte in raw)
