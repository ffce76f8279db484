"""A part of a tensor was never written.

What it checks: of every weight, whether 64 KiB or more on end are one byte, 0x00 or 0xFF, and begin
    or end where a page of the file does, or inside a row (of embeddings and heads: inside a row).
    One look at every 4 KiB finds it, and a second reading measures it. Whole rows are V114's.
Why it matters: an interrupted copy or download leaves a file of the right length with a hole in it.
How to fix: copy or download the file again and compare its sha256.
Seen in: resumed downloads and full disks; llama.cpp #6733 is the same, at a file's end.
"""

from release.facts.measures import Measures
from release.rules import Findings, Found, Where, rule
from release.units import binary_bytes


@rule(since="0.1.0")
def check(measures: Measures) -> Findings:
    """Report the first hole of every tensor."""
    for weight in (*measures.weights, *measures.others):
        hole = weight.values.hole
        if hole is None or not hole.torn:
            continue
        at = weight.info.start + hole.start
        yield Found(
            where=Where(file=weight.info.shard, tensor=weight.tensor),
            message=f"{binary_bytes(hole.length)} are nothing but 0x{hole.byte:02X}, "
            f"from byte {at:,} of the file on",
            fix="copy the file again and compare its sha256",
        )
