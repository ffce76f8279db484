"""Fields of a few bits, packed without gaps into a little-endian stream."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

NIBBLE, BYTE = 4, 8


def unpack_fields(raw: Bytes, bits: int, count: int) -> Bytes:
    """Unpack the first `count` fields of each row: (rows, bytes) -> (rows, count).

    Field i of a row is at its bit i * bits. That is how compressed_tensors packs 32-bit words
    (pack_quantized/helpers.py) and pairs of FP4 codes (nvfp4/helpers.py) alike.
    """
    if bits == BYTE:
        return raw[:, :count]
    if bits == NIBBLE:
        fields = np.empty((len(raw), raw.shape[1], 2), np.uint8)
        np.bitwise_and(raw, 0xF, out=fields[:, :, 0])
        np.right_shift(raw, NIBBLE, out=fields[:, :, 1])
        return fields.reshape(len(raw), -1)[:, :count]
    # Eight fields fill `bits` whole bytes, and these fit into one 64-bit word.
    groups = -(-count // 8)
    padded = np.zeros((len(raw), groups * bits), np.uint8)
    width = min(raw.shape[1], groups * bits)
    padded[:, :width] = raw[:, :width]
    words = np.zeros((len(raw), groups, 8), np.uint8)
    words[:, :, :bits] = padded.reshape(len(raw), groups, bits)
    shifts = np.arange(8, dtype=np.uint64) * np.uint64(bits)
    lanes: npt.NDArray[np.uint64] = words.view("<u8") >> shifts
    fields = (lanes & np.uint64((1 << bits) - 1)).astype(np.uint8)
    return fields.reshape(len(raw), -1)[:, :count]
