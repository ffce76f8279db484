"""A figure on the card is not what the checkpoint has.

What it checks: sizes of components and of all weights (GB is 10^9 bytes, GiB 2^30), parameters,
    layers by kind, settings of config.json, group sizes, bytes of KV cache for a token and how much
    smaller the model became, each against the fact it is about. A figure is right if the fact
    rounds to it, 1% (3% after `~`, 8% for ratios) either way for sizes.
Why it matters: people choose a GPU by these figures, before they download 25 GB.
How to fix: correct the figure, or let `release card` compute it.
Seen in: an FP8 card whose weight table sums to 29 GB for files of 30.4 GB; a 27B model listed as
    22B.
"""

import re

import msgspec

from release.architecture import ModelConfig
from release.architecture.config import SIZE_CAP
from release.audit.figures import ALL, FP16
from release.audit.page import Page
from release.audit.quantities import Figure
from release.audit.subjects import WHOLE
from release.facts.kv import KvModel
from release.facts.model import Model
from release.facts.weights import Weights
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, Where, rule
from release.units import binary_bytes, decimal_bytes, parameters
from release.unknown import Unknown

SLACKS = {"weights": 0.01, "component": 0.01, "parameters": 0.01, "ratio": 0.08}
SMALLEST = 1.15  # nobody calls less a smaller model
OTHERS = {"num_experts": ("num_local_experts", "n_routed_experts")}  # as other families call it


class Known(msgspec.Struct, frozen=True):
    """What figures are held against."""

    weights: Weights | Unknown
    model: Model | Unknown
    kv: KvModel | Unknown
    config: ModelConfig | Unknown
    quantization: QuantizationConfig | Unknown


@rule(since="0.1.0")
def check(  # noqa: PLR0913, PLR0917 - one for each fact that figures are about
    page: Page,
    figures: tuple[Figure, ...],
    config: ModelConfig,
    weights: Weights | Unknown,
    model: Model | Unknown,
    kv: KvModel | Unknown,
    quantization: QuantizationConfig | Unknown,
) -> Findings:
    """Hold each figure against its fact; those without one are left alone."""
    known = Known(weights, model, kv, config, quantization)
    for figure in figures:
        true = _true(figure, known)
        slack = SLACKS.get(figure.kind, 0.0)
        if true and not any(_holds(figure, value, slack) for value in true):
            right = " or ".join(dict.fromkeys(_write(figure, value) for value in true))
            what = f"{_subject(figure)}: the card says {figure.quantity.text}, it is {right}"
            yield Found(Where(file=page.name, line=figure.line), what, "correct the figure")


def _holds(figure: Figure, value: float, slack: float) -> bool:
    also = figure.also
    return figure.quantity.holds(value, slack) or (also is not None and also.holds(value))


def _true(figure: Figure, known: Known) -> list[float]:
    """The values for which the figure would be right; none where that is not known."""
    match figure.kind:
        case "weights" | "component" | "parameters" | "ratio":
            return _of_weights(figure, known.weights)
        case "kv token" if not isinstance(known.kv, Unknown):
            sizes = known.kv.bytes_per_token
            kinds = [kind for kind in sizes if _is_kind(kind, figure.subject)]
            return [float(sizes[kind]) for kind in kinds if sizes[kind]]
        case "setting" if not isinstance(known.config, Unknown):
            return _settings(figure.subject, known.config)
        case "layers" if not isinstance(known.model, Unknown):
            return _layers(figure.subject, known.model)
        case "group size" if not isinstance(known.quantization, Unknown):
            weights = (group.weights for group in known.quantization.groups)
            return sorted({float(w.group_size) for w in weights if w and w.group_size})
    return []


def _of_weights(figure: Figure, weights: Weights | Unknown) -> list[float]:
    if isinstance(weights, Unknown):
        return []
    if figure.kind == "parameters":
        return [float(weights.parameters)]
    if figure.kind == "ratio":
        return _ratios(figure.subject, weights)
    if figure.subject == WHOLE:
        return [float(weights.total_bytes)]
    return [float(part.bytes) for part in weights.components if part.name == figure.subject]


def _ratios(kind: str, weights: Weights) -> list[float]:
    """How much smaller than the same weights in 16 bits, or in 8 where these are fewer still."""
    times = [weights.parameters * size / weights.total_bytes for size in (2, 1)]
    smaller = [ratio for ratio in times if ratio > SMALLEST]
    return smaller if kind == "times" else [100 * (1 - 1 / ratio) for ratio in smaller]


def _is_kind(kind: str, wanted: str) -> bool:
    return not wanted or (kind == wanted if wanted != FP16 else kind in {"bfloat16", "float16"})


def _settings(key: str, config: ModelConfig) -> list[float]:
    """The setting, and those of single parts: `head_dim` is also said of `linear_key_head_dim`."""
    key = next((name for name in (key, *OTHERS.get(key, ())) if config.get(name)), key)
    names = [key, *sorted(name for name in config.text if name.endswith(f"_{key}"))]
    values = [value for name in names if type(value := config.get(name)) is int]
    return [float(value) for value in values if value < SIZE_CAP] if config.get(key) else []


def _layers(kind: str, model: Model) -> list[float]:
    total = model.settings.get("num_hidden_layers")
    if kind == ALL:
        return [float(total)] if total else []
    if not kind:
        return [float(total), *map(float, model.layer_types.values())] if total else []
    count = model.layer_types.get(kind)
    return [float(count)] if count is not None else []


def _subject(figure: Figure) -> str:
    names = {
        "kv token": f"KV cache of a token {figure.subject}".rstrip(),
        "layers": f"layers {figure.subject}".rstrip(),
        "parameters": "parameters",
        "group size": "group size",
        "ratio": "size against the original's",
    }
    return names.get(figure.kind, figure.subject)


def _write(figure: Figure, value: float) -> str:
    if figure.kind in {"weights", "component"}:
        write = binary_bytes if "i" in figure.unit else decimal_bytes
        return write(int(value))
    if figure.kind == "kv token":
        return f"{binary_bytes(int(value))} a token"
    if figure.kind == "parameters":
        return parameters(int(value))
    if figure.kind == "ratio":
        return f"{value:.0f}%" if figure.subject == "percent" else f"{value:.1f}x"
    return re.sub(r"\.0$", "", f"{value:,}")
