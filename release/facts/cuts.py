"""Where a quantized weight can be split: its blocks and its groups of columns stay whole."""

from collections.abc import Iterator

from release.architecture.skeleton import LINEAR
from release.facts.modules import Module
from release.facts.siblings import Fused
from release.memory.shards import INPUT, KEYS_VALUES, OUTPUT, SCANNED
from release.quantization.arguments import GROUPED
from release.quantization.schemes import Scheme

ROWS, COLUMNS = 0, 1
# Their rows are of several kinds, of which some are copied where devices outnumber groups or heads.
MIXED = SCANNED | {"qkv_proj", "qkv"}


def split_axis(module: Module) -> int | None:
    """Which axis of its (out, in) tensor parallelism splits evenly; None if none, or not so."""
    last = module.name.rpartition(".")[2]
    if module.kind != LINEAR or module.shape is None or module.float_only or last in MIXED:
        return None
    if last in INPUT:
        return COLUMNS
    return ROWS if last in OUTPUT | KEYS_VALUES else None


def unit_of(module: Module, axis: int) -> int | None:
    """How many rows, or columns, of its quantized weight have a scale in common."""
    scheme = module.scheme
    if not isinstance(scheme, Scheme) or not module.quantized:
        return None
    args = scheme.weights
    if args.block_structure:
        return args.block_structure[axis]
    return args.group_size if axis == COLUMNS and args.strategy in GROUPED else None


def ending_inside(fused: Fused) -> Iterator[tuple[Module, int, int]]:
    """Parts of a fused layer that end within a block, their rows and those of the block.

    The last part may, but not in experts. Source: vLLM 0.32 quantization/utils/fp8_utils.py,
    validate_fp8_block_shape and validate_fp8_block_shape_moe.
    """
    for part in fused.parts if fused.expert else fused.parts[:-1]:
        scheme = part.scheme
        blocks = isinstance(scheme, Scheme) and scheme.weights.block_structure
        unit = unit_of(part, ROWS) if blocks else None
        if unit and part.shape and part.shape[ROWS] % unit:
            yield part, part.shape[ROWS], unit
