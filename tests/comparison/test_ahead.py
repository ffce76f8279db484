"""Few requests for many reads, and never other bytes."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from release.checkpoint import TensorInfo
from release.comparison.ahead import ReadAhead

MIB = 1 << 20
FILE = random.Random(0).randbytes(24 * MIB)
START = 100


class Disk:
    """A file that is asked for ranges, and knows how often and for how much."""

    def __init__(self, size: int = len(FILE)) -> None:
        self.content = FILE[:size]
        self.asked: list[int] = []
        self.ahead = ReadAhead(self.read)

    def read(self, _file: str, start: int, count: int) -> bytes:
        self.asked.append(count)
        return self.content[start : start + count]


def tensor(size: int, start: int = START) -> TensorInfo:
    return TensorInfo("U8", (size,), "model.safetensors", start, start + size)


def test_a_tensor_read_in_order_takes_few_requests_for_each_byte_once() -> None:
    disk, size = Disk(), 22 * MIB
    step = 256 << 10
    read = [disk.ahead.read(tensor(size), at, step) for at in range(0, size, step)]
    assert b"".join(read) == FILE[START : START + size]
    assert disk.asked == [mib * MIB for mib in (1, 2, 4, 8, 7)]


@pytest.mark.parametrize("seed", range(8))
def test_any_order_gives_the_bytes(seed: int) -> None:
    disk, chance = Disk(), random.Random(seed)
    infos = [tensor(chance.randrange(1, 3 * MIB), chance.randrange(20 * MIB)) for _ in range(6)]
    for _ in range(200):
        info = chance.choice(infos)
        at = chance.randrange(info.nbytes)
        count = chance.randrange(info.nbytes - at + 1)
        expected = FILE[info.start + at : info.start + at + count]
        assert disk.ahead.read(info, at, count) == expected


def test_no_byte_behind_the_tensor_is_asked_for() -> None:
    disk = Disk()
    assert disk.ahead.read(tensor(10), 2, 8) == FILE[START + 2 : START + 10]
    assert disk.asked == [8]


def test_a_file_that_ends_early_gives_fewer() -> None:
    disk = Disk(size=START + 5)
    assert disk.ahead.read(tensor(10), 0, 10) == FILE[START : START + 5]


def test_threads_have_windows_of_their_own() -> None:
    disk, info = Disk(), tensor(4 * MIB)

    def read(seed: int) -> bool:
        chance = random.Random(seed)
        places = [chance.randrange(4 * MIB - 100) for _ in range(300)]
        return all(
            disk.ahead.read(info, at, 100) == FILE[START + at : START + at + 100] for at in places
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(8)))
