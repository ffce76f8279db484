"""Tensors whose bytes have gone by: many small ones are summed up together, a few at a time."""

from release.checkpoint.source import Stream
from release.scan.codes import summarise_codes
from release.scan.layout import Reading, Segment
from release.scan.scales import good_scales
from release.scan.suspicion import Recheck
from release.scan.tallies import tally_of
from release.scan.tally import Tally, Words
from release.scan.values import Values

BATCH = 64 << 10
"""Bytes of samples that are looked at together: what is made of them stays in the cache."""

Key = tuple[Reading, int, int | None]
Waiting = tuple[Segment, Tally, Words | None]
UNFINISHED = Values(0)


class Finish:
    """The values of one file's tensors, in the order in which they were added."""

    def __init__(self, stream: Stream) -> None:
        self.tensors: dict[str, Values] = {}
        self.recheck = Recheck(stream)
        self._waiting: dict[Key, list[Waiting]] = {}

    def start(self, segment: Segment) -> Tally:
        """Make the tally of a tensor."""
        return tally_of(segment.reading, segment.end - segment.start)

    def scales(self, herd: tuple[Segment, ...], raw: memoryview) -> None:
        """Take scales of many tensors, whole: one by one only where something is wrong."""
        size = len(raw) // len(herd)
        for index, (segment, values) in enumerate(
            zip(herd, good_scales(herd[0].reading, raw, len(herd)), strict=True)
        ):
            if values is None:
                tally = self.start(segment)
                if size:
                    tally.add(raw[index * size : index * size + size])
                self.end(segment, tally)
            else:
                self.tensors[segment.tensor] = values

    def end(self, segment: Segment, tally: Tally) -> None:
        """Take a tensor that has been seen whole."""
        if not (segment.reading.codes and tally.has_sample()):
            self.tensors[segment.tensor] = tally.values(segment, self.recheck)
            return
        self.tensors[segment.tensor] = UNFINISHED
        tops, size = tally.tops(), tally.sample.size
        key = (segment.reading, size, None if tops is None else len(tops))
        alike = self._waiting.setdefault(key, [])
        alike.append((segment, tally, tops))
        if len(alike) * size >= BATCH:
            self._sum_up(self._waiting.pop(key))

    def all(self) -> dict[str, Values]:
        """Every tensor's values by its name."""
        for alike in self._waiting.values():
            self._sum_up(alike)
        self._waiting = {}
        return self.tensors

    def _sum_up(self, alike: list[Waiting]) -> None:
        tops = [top for _, _, top in alike if top is not None]
        summaries = summarise_codes([tally.sample for _, tally, _ in alike], tops)
        for (segment, tally, _), codes in zip(alike, summaries, strict=True):
            self.tensors[segment.tensor] = tally.values(segment, self.recheck, codes)
