"""What the facts say to each figure on a card."""

from collections.abc import Callable

import msgspec

from release.architecture import ModelConfig
from release.architecture.config import SIZE_CAP
from release.audit.figures import ALL, FP16
from release.audit.parameters import ACTIVE, NO_TABLES
from release.audit.quantities import Figure
from release.audit.subjects import WHOLE
from release.facts.counted import COUNTS, Counted
from release.facts.kv import KvModel
from release.facts.model import Model
from release.facts.weights import Weights
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

FLOATS = {"BF16", "F16", "F32"}
SMALLEST = 1.15  # nobody calls less a smaller model
ROUNDED = 1.13  # what "4 times" may hide of NVFP4, whose scales count
OTHERS = {COUNTS[0]: COUNTS[1:]}  # as other families call it
# Qwen3 states 32,768 tokens of context and keeps room for an answer in max_position_embeddings.
CONTEXT, ROOM = "max_position_embeddings", 8192
QWEN3 = 40960

Range = tuple[float, float]


class Truth(msgspec.Struct, frozen=True):
    """A figure, and the ranges that it would be right in; it is one of what is known."""

    figure: Figure
    right: tuple[Range, ...]


class Known(msgspec.Struct, frozen=True):
    """What figures are held against."""

    config: ModelConfig
    weights: Weights | Unknown
    model: Model | Unknown
    kv: KvModel | Unknown
    counted: Counted | Unknown
    quantization: QuantizationConfig | Unknown


def provide_truths(  # noqa: PLR0913, PLR0917 - one for each fact that figures are about
    figures: tuple[Figure, ...],
    config: ModelConfig,
    weights: Weights | Unknown,
    model: Model | Unknown,
    kv: KvModel | Unknown,
    counted: Counted | Unknown,
    quantization: QuantizationConfig | Unknown,
) -> tuple[Truth, ...]:
    """Answer every figure that a fact is about."""
    known = Known(config, weights, model, kv, counted, quantization)
    answers = ((figure, _ANSWERS[figure.kind](figure, known)) for figure in figures)
    return tuple(Truth(figure, tuple(right)) for figure, right in answers if right)


def _exactly(*values: float) -> list[Range]:
    return [(float(value), float(value)) for value in values]


def _bytes(figure: Figure, known: Known) -> list[Range]:
    weights = known.weights
    if isinstance(weights, Unknown):
        return []
    if figure.subject == WHOLE:
        return _exactly(weights.total_bytes)
    return _exactly(*(part.bytes for part in weights.components if part.name == figure.subject))


def _parameters(figure: Figure, known: Known) -> list[Range]:
    counted = known.counted
    if isinstance(counted, Unknown):
        return []
    if figure.subject == ACTIVE:
        return [counted.active] if counted.active else []
    if figure.subject == NO_TABLES:
        less = counted.total - counted.embeddings
        return _exactly(less, less - counted.head)
    return _exactly(counted.total)


def _ratios(figure: Figure, known: Known) -> list[Range]:
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


def _bits(_: Figure, known: Known) -> list[Range]:
    if isinstance(known.weights, Unknown) or isinstance(known.quantization, Unknown):
        return []
    mean = 8 * known.weights.total_bytes / known.weights.parameters
    stated = [group.weights.num_bits for group in known.quantization.groups if group.weights]
    return [*_exactly(*stated), (mean * 0.9, mean * 1.1)] if stated else []


def _cache(figure: Figure, known: Known) -> list[Range]:
    if isinstance(known.kv, Unknown):
        return []
    sizes = known.kv.bytes_per_token
    wanted = {FP16: {"bfloat16", "float16"}, "": set(sizes)}.get(figure.subject, {figure.subject})
    return _exactly(*(size for kind, size in sizes.items() if size and kind in wanted))


def _setting(figure: Figure, known: Known) -> list[Range]:
    """The setting, and those of single parts: `head_dim` is also said of `linear_key_head_dim`."""
    config, key = known.config, figure.subject
    key = next((name for name in (key, *OTHERS.get(key, ())) if config.get(name)), key)
    names = [key, *sorted(name for name in config.text if name.endswith(f"_{key}"))]
    values = [value for name in names if type(value := config.get(name)) is int]
    if key == CONTEXT and QWEN3 in values:
        values.append(QWEN3 - ROOM)
    return _exactly(*(value for value in values if value < SIZE_CAP)) if config.get(key) else []


def _layers(figure: Figure, known: Known) -> list[Range]:
    model = known.model
    if isinstance(model, Unknown):
        return []
    total = model.settings.get("num_hidden_layers")
    if figure.subject == ALL:
        return _exactly(total) if total else []
    if not figure.subject:
        return _exactly(total, *model.layer_types.values()) if total else []
    count = model.layer_types.get(figure.subject)
    return _exactly(count) if count is not None else []


def _groups(_: Figure, known: Known) -> list[Range]:
    if isinstance(known.quantization, Unknown):
        return []
    sides = [
        side
        for group in known.quantization.groups
        for side in (group.weights, group.input_activations)
    ]
    return _exactly(*sorted({side.group_size for side in sides if side and side.group_size}))


_ANSWERS: dict[str, Callable[[Figure, Known], list[Range]]] = {
    "weights": _bytes,
    "component": _bytes,
    "parameters": _parameters,
    "ratio": _ratios,
    "bits": _bits,
    "kv token": _cache,
    "setting": _setting,
    "layers": _layers,
    "group size": _groups,
}
