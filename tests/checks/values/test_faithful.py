"""What looks like a fault and is in the base too is none, once --base was read."""

from collections.abc import Callable

import numpy as np
import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import BASES, Drafts

MODULE = "model.layers.1.mlp.gate_proj"
ROWS, COLUMNS, LARGEST = 256, 128, 0x7E
Change = Callable[[bytes], bytes]


def zeros(raw: bytes) -> bytes:
    """A block that was put in to be trained."""
    return bytes(len(raw))


def dead(raw: bytes) -> bytes:
    """Every tenth neuron is pruned."""
    grid = np.frombuffer(raw, np.uint8).reshape(ROWS, -1).copy()
    grid[::10] = 0
    return grid.tobytes()


def positive(raw: bytes) -> bytes:
    """The sign is the top bit of the last byte, in FP8 and in BF16."""
    grid = np.frombuffer(raw, np.uint8).reshape(ROWS * COLUMNS, -1).copy()
    grid[:, -1] &= 0x7F
    return grid.tobytes()


def binary(raw: bytes) -> bytes:
    """Signs alone, times what the largest code stands for: 448 and a scale of 2^-12."""
    grid = np.frombuffer(raw, np.uint8).reshape(ROWS * COLUMNS, -1)
    signs = grid[:, -1] & 0x80
    if grid.shape[1] == 1:
        return (signs | LARGEST).tobytes()
    return (signs.astype(np.uint16) << 8 | 0x3DE0).astype("<u2").tobytes()


@pytest.mark.parametrize(
    ("code", "change"),
    [("V113", zeros), ("V114", dead), ("V117", positive), ("V118", binary)],
)
def test_silent_where_the_base_has_the_same(
    code: str, change: Change, draft: Drafts, base: Drafts
) -> None:
    ours, origin = draft("llama-fp8-dynamic"), base("llama")
    ours.change(f"{MODULE}.weight", change)
    if change is binary:
        ours.patch(f"{MODULE}.weight_scale", b"\x80\x39" * ROWS)
    origin.change(f"{MODULE}.weight", change)
    for place, found in ((origin.path, set()), (BASES / "llama", {code})):
        report = verify(Request(ours.path, Level.BYTES, base=place, select=(code,)))
        assert {finding.rule for finding in report.findings} == found
