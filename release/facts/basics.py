"""The first facts: config, tensors, declared quantization, implied architecture."""

from collections.abc import Iterator, Mapping

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.checkpoint import CONFIG_FILE, Checkpoint, TensorInfo
from release.facts.documents import FOREIGN_QUANTIZATION
from release.facts.reference.model import TheirModel, derive_from
from release.quantization.config import (
    METHOD,
    UNDECLARED,
    QuantizationConfig,
    canonical_method,
    find_quantization,
    parse_quantization,
)
from release.unknown import Unknown

Tensors = Mapping[str, TensorInfo]


class Implied(Tensors):
    """Tensors that a config implies, by module and role: `grouped`. Experts share their roles."""

    def __init__(self, grouped: dict[str, dict[str, TensorInfo]]) -> None:
        self.grouped = grouped

    def __getitem__(self, name: str) -> TensorInfo:
        """A tensor by its whole name. Raises `KeyError`."""
        module, _, role = name.rpartition(".")
        return self.grouped[module][role]

    def __iter__(self) -> Iterator[str]:
        """Every name, in the order of the modules."""
        return (f"{name}.{role}" for name, roles in self.grouped.items() for role in roles)

    def __len__(self) -> int:
        """How many tensors."""
        return sum(map(len, self.grouped.values()))


def provide_config(checkpoint: Checkpoint) -> ModelConfig | Unknown:
    """config.json, if it could be read."""
    if checkpoint.config is None:
        return Unknown(f"{CONFIG_FILE} is missing or cannot be read")
    return ModelConfig(checkpoint.config.value)


def provide_tensors(checkpoint: Checkpoint) -> Tensors | Unknown:
    """Every loaded tensor by name; Unknown while a shard is missing, so that none seems lost."""
    unread = [name for name in checkpoint.loaded if name not in checkpoint.shards]
    if unread:
        return Unknown(f"{unread[0]} is missing or cannot be read")
    if checkpoint.index is None and checkpoint.absent:
        return Unknown(f"{checkpoint.absent[0]} is missing")
    if checkpoint.index is None and any(d.file.endswith(".index.json") for d in checkpoint.defects):
        return Unknown("the index cannot be read")
    if not checkpoint.tensors:
        return Unknown("there are no weights")
    return checkpoint.tensors


def provide_quantization(
    config: ModelConfig, checkpoint: Checkpoint
) -> QuantizationConfig | Unknown:
    """The declared quantization; without any, one that claims nothing."""
    found = find_quantization(config.raw)
    if found is None:
        other = next((name for name in FOREIGN_QUANTIZATION if name in checkpoint.files), None)
        return Unknown(f"{other} declares a method that we do not know") if other else UNDECLARED
    path, value = found
    if not isinstance(value, dict):
        return Unknown(f"{path} is not an object")
    method = value.get("quant_method")
    if canonical_method(method) != METHOD:
        return Unknown(f"quant_method {method!r:.40} is not {METHOD}, the one we know")
    return parse_quantization(value, path)


def provide_architecture(
    config: ModelConfig, tensors: Tensors | Unknown, their_model: TheirModel | Unknown
) -> Architecture | Unknown:
    """What the config implies, in the spelling of the tensors where a family has several.

    For a class without a family file transformers' own model takes its place, if it was asked.
    """
    stored = (
        set() if isinstance(tensors, Unknown) else {name.rpartition(".")[0] for name in tensors}
    )
    ours = derive_architecture(config, stored)
    if config.model_type in FAMILIES or isinstance(their_model, Unknown):
        return ours
    return derive_from(their_model, config, stored)
