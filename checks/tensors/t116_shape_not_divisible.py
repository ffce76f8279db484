"""A quantized module's size does not divide as its scheme, or vLLM, needs it.

What it checks: columns fill whole groups, without which the module cannot have been quantized so
    (an error); blocks of FP8 end between the parts of a fused layer and within experts, and packed
    zero points fill whole words, without which vLLM refuses what llm-compressor writes (a warning).
    A note says where tensor parallelism over 2, 4 or 8 devices cuts a group or block.
Why it matters: vLLM stops with "is not divisible by weight quantization block_n", or with an
    assertion about a shape, after it has loaded for minutes.
How to fix: ignore such modules or quantize them per channel; choose a smaller tensor parallelism.
Seen in: vllm #33327, blocks of 128 over an intermediate size of 10,944; vllm #17569, over experts.
"""

from collections.abc import Iterator

from release.facts.cuts import ending_inside, split_axis, unit_of
from release.facts.misfits import Misfits
from release.facts.modules import Module, Modules
from release.facts.siblings import Fused
from release.quantization.arguments import GROUPED
from release.quantization.schemes import WORD, Scheme
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

REPEATED = ("k_proj", "v_proj")  # where devices outnumber key/value heads
DEVICES = (2, 4, 8)
FIX = "quantize it per channel, or ignore it"


@rule(since="0.1.0")
def check(
    modules: Modules, siblings: tuple[Fused, ...] | Unknown, misfits: Misfits | Unknown
) -> Findings:
    """Judge every module alone, then within its fused layer, then cut over devices."""
    misshapen = set() if isinstance(misfits, Unknown) else misfits.modules
    quantized = [
        (module, module.scheme)
        for module in modules
        if isinstance(module.scheme, Scheme) and module.quantized and module.shape
    ]
    for module, scheme in quantized:
        if module.name not in misshapen:
            yield from _alone(module, scheme)
    for fused in () if isinstance(siblings, Unknown) else siblings:
        for part, rows, block in ending_inside(fused):
            last = fused.name.rpartition(".")[2]
            what = f"its {rows:,} rows are no multiple of {block}; vLLM refuses that within {last}"
            yield Found(Where(module=part.name), what, FIX, "warning")
    yield from _devices(quantized)


def _alone(module: Module, scheme: Scheme) -> Iterator[Found]:
    rows, columns = module.shape or (0, 0)
    args = scheme.weights
    where = Where(module=module.name)
    size = args.group_size if args.strategy in GROUPED else None
    if size and columns % size:
        what = f"its {columns:,} columns are no multiple of {scheme.name}'s groups of {size}"
        yield Found(where, what, FIX)
    zeros = scheme.slot("weight_zero_point")
    if zeros and zeros.shape[0] == "out*bits/32" and rows * args.num_bits % WORD:
        what = f"zero points of {rows:,} rows with {args.num_bits} bits end within a word of 32"
        yield Found(where, what, "quantize it symmetrically, or ignore it", "warning")


def _devices(quantized: list[tuple[Module, Scheme]]) -> Iterator[Found]:
    """Say once, at the smallest number of devices, where one would get a part of a group."""
    for devices in DEVICES:
        for module, scheme in quantized:
            axis = None if module.name.endswith(REPEATED) else split_axis(module)
            if axis is None or module.shape is None:
                continue
            unit, side = unit_of(module, axis), module.shape[axis]
            if unit and side % unit == 0 and side % (unit * devices):
                what = (
                    f"over {devices} devices its {side:,} divide into parts of {side / devices:g}"
                )
                hint = f"serve it with a tensor parallelism below {devices}"
                message = f"{what}, no multiple of {scheme.name}'s {unit}"
                yield Found(Where(module=module.name), message, hint, "info")
                return
