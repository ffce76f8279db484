import struct

import numpy as np
import pytest

from release.quantization.decoding import to_float32


@pytest.mark.parametrize(
    ("dtype", "code", "value"),
    [  # OCP 8-bit floating point, tables 1 and 2; OCP microscaling formats 1.0, section 5
        ("F8_E4M3", 0x00, 0.0),
        ("F8_E4M3", 0x01, 2.0**-9),
        ("F8_E4M3", 0x08, 2.0**-6),
        ("F8_E4M3", 0x38, 1.0),
        ("F8_E4M3", 0x7E, 448.0),
        ("F8_E4M3", 0xFE, -448.0),
        ("F8_E5M2", 0x01, 2.0**-16),
        ("F8_E5M2", 0x7B, 57344.0),
        ("F8_E5M2", 0x7C, float("inf")),
        ("F8_E8M0", 127, 1.0),
        ("F8_E8M0", 0, 2.0**-127),
        ("F8_E8M0", 254, 2.0**127),
    ],
)
def test_bytes_by_their_standard(dtype: str, code: int, value: float) -> None:
    assert to_float32(bytes([code]), dtype).tolist() == [value]


@pytest.mark.parametrize(
    ("dtype", "code"), [("F8_E4M3", 0x7F), ("F8_E5M2", 0xFD), ("F8_E8M0", 255)]
)
def test_codes_that_are_no_number(dtype: str, code: int) -> None:
    assert np.isnan(to_float32(bytes([code]), dtype)).all()


def test_every_bf16_is_the_upper_half_of_a_float() -> None:
    words = np.arange(1 << 16, dtype="<u2")
    upper = (words.astype(np.uint32) << 16).view(np.float32)
    assert to_float32(words.tobytes(), "BF16").tobytes() == upper.tobytes()


def test_wider_floats() -> None:
    assert to_float32(struct.pack("<e", 1.5), "F16").tolist() == [1.5]
    assert to_float32(struct.pack("<f", 0.1), "F32").tolist() == [np.float32(0.1)]
    assert to_float32(struct.pack("<d", 0.1), "F64").tolist() == [np.float32(0.1)]
