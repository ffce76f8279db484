"""Ranges of files elsewhere, where a request costs as much as megabytes: read ahead in order."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from release.checkpoint import TensorInfo

FIRST, LARGEST = 1 << 20, 8 << 20
"""Bytes of a tensor's first request, and of any: each is twice the one before."""

TENSORS = 4
"""Windows of one thread: codes, scales and zero points go on side by side."""

Read = Callable[[str, int, int], bytes]
Window = tuple[int, bytes]


class ReadAhead:
    """Reads tensors by ever larger windows as long as a thread reads them in order.

    A window belongs to the thread that reads: it holds no more than 4 of 8 MiB.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._own = threading.local()

    def read(self, info: TensorInfo, at: int, count: int) -> bytes:
        """Read `count` bytes of a tensor from its byte `at`, fewer where its file ends."""
        key = (info.shard, info.start)
        windows: OrderedDict[tuple[str, int], Window] = self._windows()
        start, held = windows.pop(key, (0, b""))
        if not (start <= at and at + count <= start + len(held)):
            follows = bool(held) and start <= at <= start + len(held)
            kept = held[at - start :] if follows else b""
            size = min(2 * len(held), LARGEST) if follows else FIRST
            begin = at + len(kept)
            more = min(max(size, count - len(kept)), info.nbytes - begin)
            start, held = at, kept + self._read(info.shard, info.start + begin, max(more, 0))
        windows[key] = (start, held)
        while len(windows) > TENSORS:
            windows.popitem(last=False)
        return held[at - start : at - start + count]

    def _windows(self) -> OrderedDict[tuple[str, int], Window]:
        if not hasattr(self._own, "windows"):
            self._own.windows = OrderedDict()
        windows: OrderedDict[tuple[str, int], Window] = self._own.windows
        return windows
