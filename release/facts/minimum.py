"""The oldest vLLM, compressed-tensors and transformers that read a checkpoint, bound by bound."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from release.architecture import ModelConfig
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.kernels import ROUTED, Service
from release.facts.known import Known
from release.facts.modules import Modules
from release.facts.tokenizer import Tokenizer
from release.quantization import history
from release.quantization.arguments import REMOVED_ACTORDERS
from release.quantization.config import ConfigGroup, QuantizationConfig, find_quantization
from release.quantization.formats import can_hold
from release.quantization.naming import scheme_name
from release.unknown import Unknown

VLLM, COMPRESSED_TENSORS, TRANSFORMERS = "vllm", "compressed-tensors", "transformers"
TOKENIZERS_BACKEND = "TokenizersBackend"
BY_HEAD = "attn_head"
ARGUMENTS = ("weights", "input_activations", "output_activations")


class Bound(msgspec.Struct, frozen=True):
    """One thing that needs this release of a package, or with `before` one older than it."""

    package: str
    version: str
    why: str
    before: bool = False


class Minimum(msgspec.Struct, frozen=True):
    """The oldest release of each package that can read the checkpoint, None without a bound.

    `version` is vLLM's, None too where no release up to 0.32 serves the checkpoint; `before` is
    the first that refuses it again. `capability` is the lowest compute capability with kernels for
    every group (90 is 9.0), None without groups. `unknown` names what may need newer releases.
    vLLM 0.8.5 and transformers 4.45 stand for older ones too.
    """

    version: str | None
    before: str | None
    compressed_tensors: str | None
    transformers: str | None
    capability: int | None
    bounds: tuple[Bound, ...]
    unknown: tuple[str, ...]

    def decisive(self, package: str) -> Bound | None:
        """The bound that the answer for a package rests on."""
        return _newest(self.bounds, package)


def provide_minimum(
    config: ModelConfig,
    quantization: QuantizationConfig,
    known: Known,
    modules: Modules | Unknown,
    kernels: tuple[Service, ...] | Unknown,
    tokenizer: Tokenizer | Unknown,
) -> Minimum:
    """Collect every bound; the newest of each package is the answer."""
    services = () if isinstance(kernels, Unknown) else kernels
    bounds = [
        *_architecture(config, known),
        *_tokenizer(tokenizer),
        *_declared(config, quantization),
        *_kernels(quantization, services),
        *_tables(modules),
    ]
    unserved = [f"vLLM {history.NEWEST_VLLM} has no kernel for {s.example}" for s in services]
    unserved = [what for what, s in zip(unserved, services, strict=True) if not s.kernels]
    for bound in [bound for bound in bounds if bound.package == COMPRESSED_TENSORS]:
        pinned = history.pinned_since(bound.version)
        why = f"{bound.why} of compressed-tensors {bound.version}"
        if pinned:
            bounds.append(Bound(VLLM, pinned, why))
        else:
            unserved.append(f"vLLM {history.NEWEST_VLLM} is older than {why}")
    unknown = [*unserved, *_unknown(config, known, quantization, kernels)]
    before = [bound.version for bound in bounds if bound.before]
    return Minimum(
        version=None if unserved else _version(bounds, VLLM),
        before=min(before, key=history.order, default=None),
        compressed_tensors=_version(bounds, COMPRESSED_TENSORS),
        transformers=_version(bounds, TRANSFORMERS),
        capability=max((s.lowest for s in services if s.lowest is not None), default=None),
        bounds=tuple(dict.fromkeys(bounds)),
        unknown=tuple(unknown),
    )


def _newest(bounds: Iterable[Bound], package: str) -> Bound | None:
    wanted = (bound for bound in bounds if bound.package == package and not bound.before)
    return max(wanted, key=lambda bound: history.order(bound.version), default=None)


def _version(bounds: Iterable[Bound], package: str) -> str | None:
    bound = _newest(bounds, package)
    return bound.version if bound else None


def _architecture(config: ModelConfig, known: Known) -> Iterator[Bound]:
    name, kind = config.architecture, config.model_type
    first, last = known.vllm.get(name, (None, None))
    if first is not None:
        yield Bound(VLLM, first, name)
    if last is not None:
        yield Bound(VLLM, history.after(last), f"{name} is gone", before=True)
    if kind in known.transformers:
        yield Bound(TRANSFORMERS, known.transformers[kind], f"model_type {kind}")


def _unknown(
    config: ModelConfig,
    known: Known,
    quantization: QuantizationConfig,
    kernels: tuple[Service, ...] | Unknown,
) -> Iterator[str]:
    name = config.architecture
    if name not in known.vllm:
        yield f"no vLLM up to {history.NEWEST_VLLM} registers {name or 'the unnamed class':.80}"
    if config.model_type not in known.transformers:
        yield f"no transformers that we know has model_type {config.model_type:.80}"
    if isinstance(kernels, Unknown) and quantization.groups:
        yield f"the kernels are not known: {kernels.reason}"


def _tokenizer(tokenizer: Tokenizer | Unknown) -> Iterator[Bound]:
    settings = {} if isinstance(tokenizer, Unknown) else tokenizer.settings
    if settings.get("tokenizer_class") == TOKENIZERS_BACKEND:
        yield Bound(TRANSFORMERS, history.TOKENIZERS_BACKEND, TOKENIZERS_BACKEND)
        yield Bound(VLLM, history.TRANSFORMERS_5, f"{TOKENIZERS_BACKEND} of transformers 5")


def _declared(config: ModelConfig, quantization: QuantizationConfig) -> Iterator[Bound]:
    """What the declaration's keys and values ask of whoever parses it."""
    for key in _argument_keys(config, quantization):
        if key in history.ARGUMENTS:
            yield Bound(COMPRESSED_TENSORS, history.ARGUMENTS[key], f"the argument {key}")
    own = {g.format for g in quantization.groups if g.format and _is_held(g, g.format)}
    for form in sorted({*own, quantization.format or ""} & history.FORMATS.keys()):
        yield Bound(COMPRESSED_TENSORS, history.FORMATS[form], f"the format {form}")
    if own - {quantization.format}:
        yield Bound(COMPRESSED_TENSORS, history.GROUP_FORMAT, "formats of single groups")
    cache = quantization.kv_cache_scheme
    if cache is not None and cache.strategy == BY_HEAD:
        why = "cache scales by head"
        yield Bound(COMPRESSED_TENSORS, history.STRATEGY_BY_HEAD, why)
        yield Bound(VLLM, history.CACHE_BY_HEAD, why)
    if quantization.transformed:
        yield Bound(VLLM, history.TRANSFORMS, "transform_config")
    if quantization.sparsity:
        yield Bound(VLLM, history.WITHOUT_SPARSITY, "sparsity_config", before=True)
    orders = {group.weights.actorder for group in quantization.groups if group.weights}
    if not orders.isdisjoint(REMOVED_ACTORDERS):
        yield Bound(VLLM, history.WITHOUT_COLUMN_ORDER, "columns ordered by group", before=True)


def _is_held(group: ConfigGroup, form: str) -> bool:
    """Whether the format is not simply wrong, which is Q106's."""
    return group.weights is None or can_hold(form, group.weights, group.input_activations)


def _argument_keys(config: ModelConfig, quantization: QuantizationConfig) -> list[str]:
    """Every key of any arguments, as written: an engine refuses one that it does not know."""
    _, raw = find_quantization(config.raw) or ("", {})
    groups: Any = raw.get("config_groups") if isinstance(raw, dict) else None
    written = [raw.get("kv_cache_scheme")] if quantization.path else []
    for group in groups.values() if isinstance(groups, dict) else ():
        if isinstance(group, dict):
            written += [group.get(name) for name in ARGUMENTS]
    return [key for arguments in written if isinstance(arguments, dict) for key in arguments]


def _kernels(quantization: QuantizationConfig, services: tuple[Service, ...]) -> Iterator[Bound]:
    for service in services:
        group = quantization.group(service.group)
        if group.weights is None or not service.kernels:
            continue
        experts = service.kind == ROUTED
        table = history.EXPERTS_SERVED if experts else history.LINEARS_SERVED
        inputs = group.input_activations
        since = [
            history.served_since(table, kernel, group.weights, inputs)
            for kernel in service.kernels.values()
        ]
        what = f"{scheme_name(group.weights, inputs)}{' experts' if experts else ''}"
        yield Bound(VLLM, min(since, key=history.order), what)


def _tables(modules: Modules | Unknown) -> Iterator[Bound]:
    """The head and the embedding, which vLLM took only unquantized for long."""
    for module in () if isinstance(modules, Unknown) else modules:
        if not module.quantized or module.claim.group is None:
            continue
        if module.component == HEAD:
            yield Bound(VLLM, history.QUANTIZED_HEAD, "a quantized head")
        elif module.component == EMBEDDINGS:
            yield Bound(VLLM, history.QUANTIZED_EMBEDDING, "a quantized embedding")
