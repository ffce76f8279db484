"""Over how many GPUs vLLM splits a model, and why not over others."""

from collections.abc import Iterator
from math import gcd

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import AttentionCache
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.facts.cuts import COLUMNS, ROWS, ending_inside, split_axis, unit_of
from release.facts.modules import Module, Modules
from release.facts.shards import TOWERS
from release.facts.siblings import provide_siblings
from release.memory.shards import KEYS_VALUES, VOCABULARY, VOCABULARY_PADDING
from release.memory.versions import NEWEST, Version, parse_version
from release.quantization.config import METHOD, canonical_method, find_quantization
from release.quantization.schemes import Scheme
from release.unknown import Unknown

OWN_FP8 = "fp8"
# Experts are read in smaller blocks or groups than they are stored in, down to this size: vLLM's
# own FP8 since this release (fused_moe/oracle/fp8.py), AWQ and GPTQ always (moe_wna16.py).
SMALLEST, REFINED = 32, (0, 29)


class Ranks(msgspec.Struct, frozen=True):
    """A tensor-parallel group of `count` GPUs; `whole_experts` is expert parallelism."""

    count: int
    whole_experts: bool = False
    version: Version = parse_version(NEWEST)


class Parts(msgspec.Struct, frozen=True):
    """What can be cut: one module of each kind, and parts of fused layers that end in a block."""

    modules: tuple[Module, ...] = ()
    ending: tuple[tuple[Module, int, int], ...] = ()


def parts_of(architecture: Architecture, modules: Modules | Unknown) -> Parts:
    """Choose them; layers repeat, and experts by the thousand."""
    if isinstance(modules, Unknown):
        return Parts()
    kinds: dict[tuple[int, str], Module] = {}
    for name, module in modules.items.items():
        kinds.setdefault((id(module.layout), name[name.rfind(".") :]), module)
    found = [module for module in kinds.values() if module.shape is not None]
    blocks = any(unit_of(module, ROWS) for module in found)
    siblings = provide_siblings(architecture, modules) if blocks else ()
    fused = () if isinstance(siblings, Unknown) else siblings
    return Parts(
        tuple(module for module in found if module.component not in TOWERS),
        tuple(each for layer in fused for each in ending_inside(layer)),
    )


class _Split(msgspec.Struct, frozen=True):
    """All that decides whether a module can be split, beside itself."""

    architecture: Architecture
    ranks: Ranks
    kv_heads: set[int]
    method: str | None

    @property
    def merged(self) -> set[str]:
        """The last names of modules that are loaded as parts of one."""
        return {part for parts in self.architecture.fused.values() for part in parts}


def cannot_split(
    config: ModelConfig, architecture: Architecture, parts: Parts, ranks: Ranks
) -> str | None:
    """Why vLLM does not split the heads, the sides or the quantized blocks of a model so.

    Sources: vLLM 0.32 config/model.py, verify_with_parallel_config; distributed/utils.py, divide
    and verify_group_size_divides_partition; layers/fused_moe/config.py;
    layers/quantization/utils/fp8_utils.py, validate_fp8_block_shape.
    """
    caches = () if isinstance(architecture.caches, Unknown) else numbered(architecture.caches)
    kv_heads = {cache.kv_heads for _, cache in caches if isinstance(cache, AttentionCache)}
    split = _Split(architecture, ranks, kv_heads, _method(config))
    return _uneven_heads(config, kv_heads, ranks.count) or next(_uneven_parts(parts, split), None)


def _uneven_heads(config: ModelConfig, kv_heads: set[int], count: int) -> str | None:
    try:
        heads = config.count("num_attention_heads")
    except ConfigGap:
        return None
    if heads % count:
        return f"{heads} attention heads cannot be split over {count} GPUs"
    uneven = next((each for each in sorted(kv_heads) if each % count and count % each), None)
    return None if uneven is None else f"{uneven} KV heads cannot be split over {count} GPUs"


def _method(config: ModelConfig) -> str | None:
    _, declared = find_quantization(config.raw) or ("", None)
    return canonical_method(declared.get("quant_method")) if isinstance(declared, dict) else None


def _uneven_parts(parts: Parts, split: _Split) -> Iterator[str]:
    for module in parts.modules:
        axis, shape = split_axis(module), module.shape
        if shape is None:
            continue
        if module.name.rpartition(".")[2] in VOCABULARY:
            if not split.architecture.loading.whole_embedding:
                yield from _uneven_vocabulary(shape[ROWS], split.ranks.count)
        elif axis is not None:
            yield from _uneven_side(module, shape, axis, split)
    for part, rows, block in parts.ending if split.method == METHOD else ():
        yield f"{part.name}: {rows:,} rows are no whole blocks of {block}"


def _uneven_vocabulary(rows: int, count: int) -> Iterator[str]:
    padded = -(-rows // VOCABULARY_PADDING) * VOCABULARY_PADDING
    if padded % count:
        yield f"{padded:,} rows of the padded vocabulary cannot be split over {count} GPUs"


def _uneven_side(module: Module, shape: tuple[int, int], axis: int, split: _Split) -> Iterator[str]:
    parts = _parts(module, split)
    if parts is None:
        return
    size, side = shape[axis], ("rows", "columns")[axis]
    if size % parts:
        yield f"{module.name}: {size:,} {side} cannot be split over {parts} GPUs"
    unit, part = unit_of(module, axis), size // parts
    whole = parts == 1 and not _is_routed(module)
    if unit is None or part % unit == 0 or whole or _takes(module, axis, split):
        return
    if not _is_routed(module) or gcd(unit, part, *shape) < _smallest(split):
        yield (
            f"{module.name}: {size:,} {side} over {parts} GPUs are {part:,} on each, "
            f"no whole {'blocks' if unit_of(module, ROWS) else 'groups'} of {unit}"
        )


def _parts(module: Module, split: _Split) -> int | None:
    """Over how many GPUs it is split; None where that is not known."""
    count = split.ranks.count
    if _is_routed(module):
        padded = split.architecture.loading.narrowest_expert is not None
        return None if padded else 1 if split.ranks.whole_experts else count
    if module.name.rpartition(".")[2] in KEYS_VALUES:
        return min(count, *split.kv_heads) if len(split.kv_heads) == 1 else None
    return count


def _takes(module: Module, axis: int, split: _Split) -> bool:
    """Whether vLLM takes what is cut: floats in groups, and merged rows of its own FP8.

    Source: vLLM 0.32 layers/linear.py, _maybe_allow_fp8_block_shape_mismatch.
    """
    args = module.scheme.weights if isinstance(module.scheme, Scheme) else None
    if args is None or (args.block_structure is None and args.type != "int"):
        return True
    merged = module.name.rpartition(".")[2] in split.merged and not _is_routed(module)
    return split.method == OWN_FP8 and axis != COLUMNS and merged


def _smallest(split: _Split) -> float:
    """To what size experts' blocks or groups are cut as they are loaded, if they are."""
    if split.method == METHOD or (split.method == OWN_FP8 and split.ranks.version < REFINED):
        return float("inf")
    return SMALLEST


def _is_routed(module: Module) -> bool:
    return ".experts." in module.name
