"""What a wrapper of the model left in the names of tensors: torch.compile, PEFT, FSDP, parallel."""

import re
from collections.abc import Iterable

from release.architecture import ModelConfig
from release.facts.basics import Tensors
from release.unknown import Unknown

PREFIXES = ("module.", "base_model.model.", "_orig_mod.")
TRACES = ("._orig_mod.", "_fsdp_wrapped_module", ".lora_A.", ".lora_B.", ".base_layer.")
PARAMETRIZED = ".parametrizations."
WEIGHT_NORM = (".original0", ".original1")  # how torch stores weight_norm, in audio models
BUILT_WITH_ADAPTERS = {"phi4mm", "phi4_multimodal"}
_TRACE = re.compile("|".join(map(re.escape, (*PREFIXES, *TRACES, PARAMETRIZED))))


def provide_wrapper(tensors: Tensors, config: ModelConfig | Unknown) -> str | None:
    """The first trace of a wrapper in any name: what is missing may be there under that name."""
    return next(iter(find_traces(tensors, config)), None)


def find_traces(names: Iterable[str], config: ModelConfig | Unknown) -> dict[str, list[str]]:
    """Give the names that hold a trace, by trace; none for models that are built with adapters."""
    if isinstance(config, ModelConfig) and config.model_type in BUILT_WITH_ADAPTERS:
        return {}
    traces: dict[str, list[str]] = {}
    for name in names:
        trace = _trace(name)
        if trace:
            traces.setdefault(trace, []).append(name)
    return traces


def _trace(name: str) -> str | None:
    if not _TRACE.search(name):
        return None  # almost every name of many thousands
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return prefix
    if PARAMETRIZED in name and not name.endswith(WEIGHT_NORM):
        return PARAMETRIZED
    return next((trace for trace in TRACES if trace in name), None)
