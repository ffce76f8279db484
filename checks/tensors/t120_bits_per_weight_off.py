"""The checkpoint's name promises fewer bits than most of its weights have.

What it checks: where the folder's name speaks of 4 or 8 bits (NVFP4, W4A16, INT4, FP8 ...), at
    least half of the weights in attention, MLP and experts are stored in that many bits or fewer.
Why it matters: people choose a checkpoint by the memory that its name promises.
How to fix: name the checkpoint after what it is, or quantize the layers that were left out.
Seen in: mixed checkpoints published under the name of their smallest scheme.
"""

import re

from release.architecture.skeleton import LINEAR
from release.checkpoint import Checkpoint
from release.facts.absences import TOWERS
from release.facts.components import EMBEDDINGS, HEAD, MTP
from release.facts.modules import Modules
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule

PROMISES = {
    4: re.compile(r"(?<![a-z0-9])(nvfp4|mxfp4|fp4|int4|w4a(4|8|16|fp8)|4-?bits?)(?![a-z0-9])"),
    8: re.compile(r"(?<![a-z0-9])(mxfp8|fp8|int8|w8a(8|16)|8-?bits?)(?![a-z0-9])"),
}
APART = TOWERS | {EMBEDDINGS, HEAD, MTP}
MOST = 0.5


@rule(since="0.1.0", severity="warning")
def check(checkpoint: Checkpoint, modules: Modules) -> Findings:
    """Judge the largest promise: a name of two schemes is held to the wider one."""
    promised = [bits for bits, words in PROMISES.items() if words.search(checkpoint.name.lower())]
    sizes: dict[int, int] = {}
    for module in modules:
        if module.kind != LINEAR or module.float_only or module.component in APART:
            continue
        scheme = module.layout.looks_like or module.scheme
        if module.quantized and not isinstance(scheme, Scheme):
            return  # other rules say what is wrong with the declaration
        bits = scheme.weights.num_bits if isinstance(scheme, Scheme) and module.quantized else 16
        rows, columns = module.shape or (0, 0)
        sizes[bits] = sizes.get(bits, 0) + rows * columns
    total = sum(sizes.values())
    if not promised or not total:
        return
    within = sum(size for bits, size in sizes.items() if bits <= max(promised)) / total
    if within < MOST:
        mean = sum(bits * size for bits, size in sizes.items()) / total
        yield Found(
            where=Where(),
            message=f"{checkpoint.name} has {within:.0%} of its linear weights in "
            f"{max(promised)} bits or fewer; the mean is {mean:.1f} bits",
            fix="name it after what it is, or quantize the layers that were left out",
        )
