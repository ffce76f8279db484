"""What the facts say to each figure on a card."""

import math
from collections.abc import Callable

import msgspec

from release.architecture import ModelConfig
from release.architecture.config import CHUNKED, FULL, SIZE_CAP, SLIDING
from release.audit.amounts import JOIN
from release.audit.caches import FP16
from release.audit.evidence import Evidence, Range, exactly
from release.audit.groups import in_one
from release.audit.layers import ALL, CACHED, MTP, VISION
from release.audit.parameters import ACTIVE, NO_TABLES
from release.audit.quantities import Figure
from release.audit.subjects import WHOLE
from release.audit.totals import cost_of_request, count_modules, share_of_scheme
from release.checkpoint import Checkpoint
from release.facts.components import AUDIO, EXPERTS, ROUTER
from release.facts.components import VISION as VISION_TOWER
from release.facts.counted import COUNTS, Counted
from release.facts.kv import KvModel
from release.facts.model import Model
from release.facts.modules import Modules
from release.facts.weights import Weights
from release.quantization.arguments import Args
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

FLOATS = {"BF16", "F16", "F32"}
SMALLEST = 1.15  # nobody calls less a smaller model
BYTE = 8  # bits
ROUNDED = 1.13  # what "4 times" may hide of NVFP4, whose scales count
SPELT = {COUNTS[0]: COUNTS[1:]}  # as other families call it
# Qwen3 states 32,768 tokens of context and keeps room for an answer in max_position_embeddings.
CONTEXT, ROOM = "max_position_embeddings", 8192
QWEN3 = 40960
WINDOW = "sliding_window"
OF_EXPERTS = {*COUNTS, "num_experts_per_tok"}


class Truth(msgspec.Struct, frozen=True):
    """A figure, and the ranges that it would be right in; it is one of what is known."""

    figure: Figure
    right: tuple[Range, ...]


def provide_truths(  # noqa: PLR0913, PLR0917 - one for each fact that figures are about
    figures: tuple[Figure, ...],
    checkpoint: Checkpoint,
    config: ModelConfig,
    weights: Weights | Unknown,
    model: Model | Unknown,
    kv: KvModel | Unknown,
    counted: Counted | Unknown,
    quantization: QuantizationConfig | Unknown,
    modules: Modules | Unknown,
) -> tuple[Truth, ...]:
    """Answer every figure that a fact is about."""
    known = Evidence(checkpoint, config, weights, model, kv, counted, quantization, modules)
    answers = ((figure, _ANSWERS[figure.kind](figure, known)) for figure in figures)
    return tuple(Truth(figure, tuple(right)) for figure, right in answers if right)


def _bytes(figure: Figure, known: Evidence) -> list[Range]:
    weights = known.weights
    if isinstance(weights, Unknown):
        return []
    if figure.subject == WHOLE:
        return exactly(weights.total_bytes)
    named = figure.subject.split(JOIN)
    sizes = [part.bytes for part in weights.components if part.name in named]
    return exactly(*{*sizes, sum(sizes)}) if len(sizes) == len(named) else []


def _shares(figure: Figure, known: Evidence) -> list[Range]:
    """Percents of all bytes, or of all parameters."""
    if isinstance(known.weights, Unknown) or isinstance(known.modules, Unknown):
        return []
    named = figure.subject.split(JOIN)
    size = sum(p.bytes for p in known.weights.components if p.name in named)
    return exactly(100 * size / known.weights.total_bytes) if size else []


def _parameters(figure: Figure, known: Evidence) -> list[Range]:
    counted = known.counted
    if isinstance(counted, Unknown):
        return []
    if figure.subject == "hub":
        weights = known.weights
        return [] if isinstance(weights, Unknown) else exactly(weights.hub_parameters)
    if figure.subject == ACTIVE:
        return [counted.active] if counted.active else []
    if figure.subject == NO_TABLES:
        less = counted.total - counted.embeddings
        return exactly(less, less - counted.head)
    return exactly(counted.total)


def _ratios(figure: Figure, known: Evidence) -> list[Range]:
    """How much smaller than the same weights in 16 bits, or in 8 where these are fewer still.

    What is said to be "about" so may be meant of the quantized layers alone.
    """
    weights = known.weights
    if isinstance(weights, Unknown):
        return []
    times = [weights.parameters * size / weights.total_bytes for size in (2, 1)]
    found = [(ratio, ratio) for ratio in times if ratio > SMALLEST]
    if figure.subject.startswith("about"):
        found += [(low, _of_quantized(weights, low)) for low, _ in found[:1]]
    if figure.subject.endswith("times"):
        return found
    return [(100 * (1 - 1 / low), 100 * (1 - 1 / high)) for low, high in found]


def _of_quantized(weights: Weights, least: float) -> float:
    shares = [share for share in weights.schemes if share.name not in FLOATS and share.bytes]
    size = sum(share.bytes for share in shares)
    return max(least, ROUNDED * 2 * sum(share.parameters for share in shares) / size) if size else 0


def _bits(_: Figure, known: Evidence) -> list[Range]:
    if isinstance(known.weights, Unknown) or isinstance(known.quantization, Unknown):
        return []
    mean = 8 * known.weights.total_bytes / known.weights.parameters
    stated = [group.weights for group in known.quantization.groups if group.weights]
    with_scales = [(a.num_bits, a.num_bits + _of_scale(a)) for a in stated if a.group_size]
    bits = exactly(*(args.num_bits for args in stated))
    return [*bits, *with_scales, (mean * 0.9, mean * 1.1)] if stated else []


def _of_scale(args: Args) -> float:
    """Bits of a scale and a zero point that fall on a weight, rounded up: FP4 has scales of 8."""
    scale = 8 if args.type == "float" and args.num_bits < BYTE else 16
    zero = 0 if args.symmetric else args.num_bits
    return (scale + zero) / (args.group_size or 1) + 0.05


def _cache(figure: Figure, known: Evidence) -> list[Range]:
    if isinstance(known.kv, Unknown):
        return []
    sizes = known.kv.bytes_per_token
    wanted = {FP16: {"bfloat16", "float16"}, "": set(sizes)}.get(figure.subject, {figure.subject})
    return exactly(*(size for kind, size in sizes.items() if size and kind in wanted))


def _setting(figure: Figure, known: Evidence) -> list[Range]:
    """The setting, and those of single parts: `head_dim` is also said of `linear_key_head_dim`."""
    config, key = known.config, figure.subject
    key = next((name for name in (key, *SPELT.get(key, ())) if config.get(name)), key)
    if _is_absent(key, known):
        return exactly(0)
    if config.get(key) is None and not isinstance(known.model, Unknown):
        return exactly(*filter(None, [known.model.settings.get(key)]))
    names = [key, *sorted(name for name in config.text if name.endswith(f"_{key}"))]
    values = [value for name in names if type(value := config.get(name)) is int]
    if key == CONTEXT and QWEN3 in values:
        values.append(QWEN3 - ROOM)
    known_key = config.get(key) is not None
    return exactly(*(value for value in values if value < SIZE_CAP)) if known_key else []


def _is_absent(key: str, known: Evidence) -> bool:
    """Whether the model has nothing of what is counted: a dense one has no experts."""
    if known.config.get(key) is not None or isinstance(known.modules, Unknown):
        return False
    if key == WINDOW and not isinstance(known.model, Unknown):
        return bool(known.model.layer_types) and SLIDING not in known.model.layer_types
    if key in OF_EXPERTS:
        parts = {module.component for module in known.modules}
        return bool(parts) and not parts & {EXPERTS, ROUTER}
    return False


def _layers(figure: Figure, known: Evidence) -> list[Range]:
    model = known.model
    if isinstance(model, Unknown):
        return []
    if figure.subject in _PARTS:
        return exactly(*_of_part(figure.subject, known.config))
    total, kinds = model.settings.get("num_hidden_layers"), model.layer_types
    if figure.subject == ALL:
        return exactly(total) if total else []
    if figure.subject == CACHED:
        return (
            exactly(sum(kinds.get(kind, 0) for kind in (FULL, SLIDING, CHUNKED))) if kinds else []
        )
    if not figure.subject:
        return exactly(total, *kinds.values()) if total else []
    count = kinds.get(figure.subject)
    return exactly(count) if count is not None else []


def _of_part(part: str, config: ModelConfig) -> list[int]:
    """How many layers the vision tower or the MTP head has, under one of its names."""
    where = config.vision or {} if part == VISION else config.text
    return [value for key in _PARTS[part] if type(value := where.get(key)) is int][:1]


def _groups(_: Figure, known: Evidence) -> list[Range]:
    sides = _sides(known)
    sizes = {side.group_size for side in sides if side.group_size}
    blocks = [side.block_structure for side in sides if side.block_structure]
    return exactly(*sorted(sizes.union(*blocks)))


def _blocks(_: Figure, known: Evidence) -> list[Range]:
    sides = _sides(known)
    shapes = {side.block_structure for side in sides if side.block_structure}
    if not shapes:
        return []
    shapes |= {(1, side.group_size) for side in sides if side.group_size}
    return exactly(*sorted(in_one(*shape) for shape in shapes))


def _sides(known: Evidence) -> list[Args]:
    if isinstance(known.quantization, Unknown):
        return []
    groups = known.quantization.groups
    return [side for group in groups for side in (group.weights, group.input_activations) if side]


def _rooms(_: Figure, known: Evidence) -> list[Range]:
    """Any memory from what the language model's weights take; vLLM can leave the tower out."""
    if isinstance(known.weights, Unknown):
        return []
    tower = sum(
        part.bytes for part in known.weights.components if part.name in {VISION_TOWER, AUDIO}
    )
    return [(known.weights.total_bytes - tower, math.inf)]


def _files(figure: Figure, known: Evidence) -> list[Range]:
    """The size of a file; a card cannot know its own."""
    info = known.checkpoint.files.get(figure.subject)
    return exactly(info.size) if info and figure.subject != "README.md" else []


def _shards(_: Figure, known: Evidence) -> list[Range]:
    return exactly(*{len(known.checkpoint.loaded), len(known.checkpoint.shards)})


def _tensors(_: Figure, known: Evidence) -> list[Range]:
    return exactly(len(known.checkpoint.tensors))


def _quantized(_: Figure, known: Evidence) -> list[Range]:
    """Modules that are quantized; of mixtures of experts each is counted by some and not by all."""
    if isinstance(known.modules, Unknown):
        return []
    names = [module.name for module in known.modules if module.known_scheme]
    return [] if any(".experts." in name for name in names) else exactly(len(names))


_PARTS = {
    VISION: ("depth", "num_hidden_layers"),
    MTP: ("mtp_num_hidden_layers", "num_nextn_predict_layers"),
}
_ANSWERS: dict[str, Callable[[Figure, Evidence], list[Range]]] = {
    "weights": _bytes,
    "component": _bytes,
    "parameters": _parameters,
    "ratio": _ratios,
    "bits": _bits,
    "kv token": _cache,
    "setting": _setting,
    "layers": _layers,
    "group size": _groups,
    "block": _blocks,
    "share": _shares,
    "room": _rooms,
    "file": _files,
    "shards": _shards,
    "quantized": _quantized,
    "tensors": _tensors,
    "modules": count_modules,
    "scheme share": share_of_scheme,
    "kv request": cost_of_request,
}
