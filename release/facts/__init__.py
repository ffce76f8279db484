"""The table of facts: what is known about a checkpoint, each computed once, on demand.

A provider names the facts it builds on by its parameters, as a rule does. An `Unknown` flows to
whoever asked, unless the parameter's annotation says that it can deal with one.
"""

import importlib
from collections.abc import Callable, Mapping
from enum import IntEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from release.unknown import Unknown


class Level(IntEnum):
    """What must have been done: headers read, every byte read, the base read, the model run.

    REFERENCE: compressed-tensors and transformers were asked too. CARD: a model card was read.
    """

    HEADERS = 0
    BYTES = 1
    BASE = 2
    SMOKE = 3
    REFERENCE = 4
    CARD = 5


class Source(msgspec.Struct, frozen=True):
    """Where a fact comes from: the level it needs and `module:function`."""

    level: Level
    provider: str


FACTS: dict[str, Source] = {
    "config": Source(Level.HEADERS, "release.facts.basics:provide_config"),
    "tensors": Source(Level.HEADERS, "release.facts.basics:provide_tensors"),
    "quantization": Source(Level.HEADERS, "release.facts.basics:provide_quantization"),
    "architecture": Source(Level.HEADERS, "release.facts.basics:provide_architecture"),
    "modules": Source(Level.HEADERS, "release.facts.modules:provide_modules"),
    "stored_modules": Source(Level.HEADERS, "release.facts.modules:provide_stored_modules"),
    "wrapper": Source(Level.HEADERS, "release.facts.wrapper:provide_wrapper"),
    "absences": Source(Level.HEADERS, "release.facts.absences:provide_absences"),
    "misfits": Source(Level.HEADERS, "release.facts.misfits:provide_misfits"),
    "layouts": Source(Level.HEADERS, "release.facts.layouts:provide_layouts"),
    "missed": Source(Level.HEADERS, "release.facts.missed:provide_missed"),
    "misspelt": Source(Level.HEADERS, "release.facts.misspelt:provide_misspelt"),
    "crowded": Source(Level.BYTES, "release.facts.crowded:provide_crowded"),
    "misdeclared": Source(Level.HEADERS, "release.facts.misdeclared:provide_misdeclared"),
    "mtp_gaps": Source(Level.HEADERS, "release.facts.mtp_gaps:provide_mtp_gaps"),
    "layer_gaps": Source(Level.HEADERS, "release.facts.layer_gaps:provide_layer_gaps"),
    "unknown_tensors": Source(
        Level.HEADERS, "release.facts.unknown_tensors:provide_unknown_tensors"
    ),
    "named_class": Source(Level.HEADERS, "release.facts.named_class:provide_named_class"),
    "documents": Source(Level.HEADERS, "release.facts.documents:provide_documents"),
    "known": Source(Level.HEADERS, "release.facts.known:provide_known"),
    "model": Source(Level.HEADERS, "release.facts.model:provide_model"),
    "weights": Source(Level.HEADERS, "release.facts.weights:provide_weights"),
    "kv": Source(Level.HEADERS, "release.facts.kv:provide_kv"),
    "counted": Source(Level.HEADERS, "release.facts.counted:provide_counted"),
    "tokenizer": Source(Level.HEADERS, "release.facts.tokenizer:provide_tokenizer"),
    "tokenizer_copies": Source(
        Level.HEADERS, "release.facts.tokenizer_copies:provide_tokenizer_copies"
    ),
    "renderings": Source(Level.HEADERS, "release.facts.rendering:provide_renderings"),
    "texts": Source(Level.HEADERS, "release.facts.texts:provide_texts"),
    "strings": Source(Level.HEADERS, "release.facts.strings:provide_strings"),
    "secrets": Source(Level.HEADERS, "release.facts.secrets:provide_secrets"),
    "contents": Source(Level.HEADERS, "release.facts.contents:provide_contents"),
    "leftovers": Source(Level.HEADERS, "release.facts.leftovers:provide_leftovers"),
    "precision": Source(Level.HEADERS, "release.facts.precision:provide_precision"),
    "siblings": Source(Level.HEADERS, "release.facts.siblings:provide_siblings"),
    "calibrated_together": Source(
        Level.HEADERS, "release.facts.siblings:provide_calibrated_together"
    ),
    "kernels": Source(Level.HEADERS, "release.facts.kernels:provide_kernels"),
    "dated": Source(Level.HEADERS, "release.facts.dated:provide_dated"),
    "today": Source(Level.HEADERS, "release.facts.dated:provide_today"),
    "minimum_vllm": Source(Level.HEADERS, "release.facts.minimum:provide_minimum"),
    "misread": Source(Level.HEADERS, "release.facts.hub_page:provide_misread"),
    "reader": Source(Level.HEADERS, "release.facts.reader:provide_reader"),
    "recipe": Source(Level.HEADERS, "release.facts.recipe:provide_recipe"),
    "scanning": Source(Level.HEADERS, "release.facts.scan:provide_scanning"),
    "scan": Source(Level.BYTES, "release.facts.scan:provide_scan"),
    "tensor_values": Source(Level.BYTES, "release.facts.scan:provide_values"),
    "values": Source(Level.BYTES, "release.facts.statistics:provide_statistics"),
    "packed_shapes": Source(Level.BYTES, "release.facts.packed_shapes:provide_packed_shapes"),
    "measures": Source(Level.BYTES, "release.facts.measures:provide_measures"),
    "magnitudes": Source(Level.BYTES, "release.facts.magnitudes:provide_magnitudes"),
    "unreachable": Source(Level.BYTES, "release.facts.unreachable:provide_unreachable"),
    "unreachable_cache": Source(
        Level.BYTES, "release.facts.unreachable_cache:provide_unreachable_cache"
    ),
    "hollow": Source(Level.BYTES, "release.facts.hollow:provide_hollow"),
    "zero_scales": Source(Level.BYTES, "release.facts.under_scales:provide_zero_scales"),
    "large_scales": Source(Level.BYTES, "release.facts.under_scales:provide_large_scales"),
    "duplicates": Source(Level.BYTES, "release.facts.duplicates:provide_duplicates"),
    "method": Source(Level.HEADERS, "release.facts.method:provide_method"),
    "base": Source(Level.BASE, "release.facts.base:provide_base"),
    "base_config": Source(Level.BASE, "release.facts.base:provide_base_config"),
    "base_tensors": Source(Level.BASE, "release.facts.base:provide_base_tensors"),
    "base_architecture": Source(Level.BASE, "release.facts.base:provide_base_architecture"),
    "base_modules": Source(Level.BASE, "release.facts.base:provide_base_modules"),
    "base_documents": Source(Level.BASE, "release.facts.base:provide_base_documents"),
    "base_tokenizer": Source(Level.BASE, "release.facts.base:provide_base_tokenizer"),
    "comparison": Source(Level.BASE, "release.facts.comparison:provide_comparison"),
    "faithful": Source(Level.HEADERS, "release.facts.comparison:provide_faithful"),
    "setting_changes": Source(Level.BASE, "release.facts.setting_changes:provide_setting_changes"),
    "tokenizer_changes": Source(
        Level.BASE, "release.facts.tokenizer_changes:provide_tokenizer_changes"
    ),
    "template_changes": Source(Level.BASE, "release.facts.side_changes:provide_template_changes"),
    "document_changes": Source(Level.BASE, "release.facts.side_changes:provide_document_changes"),
    "legal_changes": Source(Level.BASE, "release.facts.side_changes:provide_legal_changes"),
    "distance": Source(Level.BASE, "release.facts.distance:provide_distance"),
    "identity": Source(Level.BYTES, "release.facts.identity:provide_identity"),
    "changes": Source(Level.BYTES, "release.facts.changes:provide_changes"),
    "late_changes": Source(Level.BASE, "release.facts.changes:provide_late_changes"),
    "reference": Source(Level.REFERENCE, "release.facts.reference:provide_reference"),
    "their_model": Source(Level.REFERENCE, "release.facts.reference.model:provide_their_model"),
    "model_differences": Source(
        Level.REFERENCE, "release.facts.reference.model:provide_model_differences"
    ),
    "their_declaration": Source(
        Level.REFERENCE, "release.facts.reference.declaration:provide_their_declaration"
    ),
    "their_claims": Source(
        Level.REFERENCE, "release.facts.reference.declaration:provide_their_claims"
    ),
    "their_weights": Source(
        Level.REFERENCE, "release.facts.reference.weights:provide_their_weights"
    ),
    "their_speech": Source(Level.REFERENCE, "release.facts.reference.speech:provide_their_speech"),
    "their_tokenizer": Source(
        Level.REFERENCE, "release.facts.reference.speech:provide_their_tokenizer"
    ),
    "their_turns": Source(Level.REFERENCE, "release.facts.reference.speech:provide_their_turns"),
    "engine_run": Source(Level.SMOKE, "release.smoke.evidence:provide_run"),
    "loading": Source(Level.SMOKE, "release.smoke.evidence:provide_loading"),
    "answers": Source(Level.SMOKE, "release.smoke.evidence:provide_answers"),
    "layers": Source(Level.SMOKE, "release.smoke.layers:provide_layers"),
    "served": Source(Level.SMOKE, "release.smoke.evidence:provide_served"),
    "predictions": Source(Level.SMOKE, "release.smoke.prediction:provide_predictions"),
    "smoke": Source(Level.SMOKE, "release.smoke.summary:provide_smoke"),
    "page": Source(Level.CARD, "release.audit.page:provide_page"),
    "figures": Source(Level.CARD, "release.audit.figures:provide_figures"),
    "truths": Source(Level.CARD, "release.audit.truths:provide_truths"),
    "precisions": Source(Level.CARD, "release.audit.precisions:provide_precisions"),
    "names": Source(Level.CARD, "release.audit.names:provide_names"),
    "keyed": Source(Level.CARD, "release.audit.values:provide_keyed"),
    "checksums": Source(Level.CARD, "release.audit.checksums:provide_checksums"),
    "slips": Source(Level.CARD, "release.audit.spelling:provide_slips"),
    "shell": Source(Level.CARD, "release.audit.shell:provide_shell"),
    "serving": Source(Level.CARD, "release.audit.serving:provide_serving"),
    "subject": Source(Level.CARD, "release.audit.trials:provide_subject"),
    "trials": Source(Level.CARD, "release.audit.trials:provide_trials"),
    "bounds": Source(Level.CARD, "release.audit.trials:provide_bounds"),
    "mentions": Source(Level.CARD, "release.audit.mentions:provide_mentions"),
    "features": Source(Level.CARD, "release.audit.features:provide_features"),
    "vocabulary": Source(Level.CARD, "release.audit.vocabulary:provide_vocabulary"),
    "published": Source(Level.CARD, "release.audit.published:provide_published"),
    "rendered": Source(Level.CARD, "release.audit.published:provide_rendered"),
}


class Facts:
    """All facts of one checkpoint; `given` are those not computed: the checkpoint itself.

    Headers are always read; `levels` are what may be done beside.
    """

    def __init__(self, given: Mapping[str, Any], *levels: Level) -> None:
        self._values: dict[str, Any] = dict(given)
        self.levels = frozenset({Level.HEADERS, *levels})

    def get(self, name: str) -> Any:
        """Give a fact's value, or the `Unknown` that says why there is none. Raises `KeyError`."""
        if name not in self._values:
            self._values[name] = self._compute(FACTS[name])
        return self._values[name]

    def call(self, function: Callable[..., Any]) -> Any:
        """Call `function` with the facts its parameters name; the first Unknown instead, if any."""
        arguments = {}
        for name in parameters(function):
            value = self.get(name)
            if isinstance(value, Unknown) and not accepts_unknown(function, name):
                return value
            arguments[name] = value
        return function(**arguments)

    def _compute(self, source: Source) -> Any:
        if source.level not in self.levels:
            return Unknown(f"level {source.level.name.lower()} was not run")
        module, _, function = source.provider.partition(":")
        return self.call(getattr(importlib.import_module(module), function))


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters, without the cost of `inspect`."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def accepts_unknown(function: Callable[..., Any], parameter: str) -> bool:
    """Whether a parameter's annotation allows `Unknown`."""
    annotation = function.__annotations__[parameter]
    return get_origin(annotation) in {UnionType, Union} and Unknown in get_args(annotation)


def levels_of(function: Callable[..., Any]) -> frozenset[Level]:
    """The levels that a rule or provider needs: those of its facts, but for what may be Unknown."""
    return frozenset(
        FACTS[name].level
        for name in parameters(function)
        if name in FACTS and not accepts_unknown(function, name)
    )
