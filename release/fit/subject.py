"""What is asked about: a model's config, caches and weights."""

from pathlib import Path
from typing import Any

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.config import ConfigGap
from release.checkpoint import CONFIG_FILE, Checkpoint, open_checkpoint
from release.checkpoint.document import parse_document
from release.checkpoint.location import Location
from release.errors import CheckpointError, Fault, ReleaseError
from release.facts import Facts, Level
from release.facts.basics import Tensors
from release.facts.implied import imply_tensors
from release.facts.modules import Modules
from release.facts.shards import RankWeights, rank_weights
from release.memory.defaults import Settled
from release.memory.model import context_limit
from release.memory.shape import Shape, measure_shape
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

CONFIG_CAP = 64 << 20  # bytes


class NotEstimated(ReleaseError):  # noqa: N818 - an answer of its own kind
    """A question that has no answer, only a reason."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(f"not estimated: {reason}")


class Subject(msgspec.Struct, frozen=True):
    """A model to serve; `computed` says that no weights were read, only what the config implies.

    Without a quantization that we know there are no weights, but the cache is known still.
    `weighed` remembers `weights`.
    """

    name: str
    config: ModelConfig
    architecture: Architecture
    quantization: QuantizationConfig | Unknown
    modules: Modules | Unknown
    limit: int
    computed: bool
    weighed: dict[Any, RankWeights | Unknown] = {}

    @property
    def calibrated(self) -> bool:
        """Whether the checkpoint declares an FP8 KV cache."""
        quantization = self.quantization
        return not isinstance(quantization, Unknown) and quantization.kv_cache_scheme is not None

    def weights(self, settled: Settled) -> RankWeights | Unknown:
        """The weights on the fullest GPU; added up once for each way of splitting them."""
        if isinstance(self.modules, Unknown):
            return self.modules
        serving, text_only = settled.serving, settled.text_only
        split = (
            serving.tensor_parallel_size,
            serving.pipeline_parallel_size,
            serving.num_speculative_tokens > 0,
            text_only,
        )
        if split not in self.weighed:
            self.weighed[split] = rank_weights(
                self.modules, self.config, self.architecture, serving, text_only=text_only
            )
        return self.weighed[split]

    def shape(self, settled: Settled) -> Shape | Unknown:
        """The sizes that decide about activations."""
        ranks = settled.serving.tensor_parallel_size
        try:
            return measure_shape(self.config, self.architecture, ranks)
        except ConfigGap as gap:
            return Unknown(f"config.json: {gap}")


def open_subject(location: Location) -> Subject:
    """Read a checkpoint's headers, or no more than a config.json.

    Raises `NotEstimated` with the reason of the first fact that is not known, `CheckpointError`.
    """
    if isinstance(location, Path) and location.is_file():
        return _subject(_bare(location), str(location.parent))
    name = str(location) if isinstance(location, Path) else location.repository
    return subject_of(open_checkpoint(location), name)


def subject_of(checkpoint: Checkpoint, name: str) -> Subject:
    """Take the subject from a checkpoint that was opened. Raises `NotEstimated`."""
    facts = Facts({"checkpoint": checkpoint, "implied": False}, Level.HEADERS)
    if isinstance(facts.get("tensors"), Unknown):
        facts = _implied(_known(facts, "config"), facts.get("quantization"))
    return _subject(facts, name)


def _subject(facts: Facts, name: str) -> Subject:
    config = _known(facts, "config")
    limit = context_limit(config)
    return Subject(
        name=name,
        config=config,
        architecture=_known(facts, "architecture"),
        quantization=facts.get("quantization"),
        modules=facts.get("modules"),
        limit=_or_error(limit),
        computed=facts.get("implied"),
    )


def _bare(path: Path) -> Facts:
    if path.stat().st_size > CONFIG_CAP:
        raise CheckpointError(str(path), "is larger than a config.json can be")
    document = parse_document(path.read_bytes(), path.name, Fault.CONFIG)
    config = ModelConfig(document.value)
    return _implied(config, Facts({"config": config}).get("quantization"))


def _implied(config: ModelConfig, quantization: QuantizationConfig | Unknown) -> Facts:
    given = {"config": config, "quantization": quantization, "implied": True}
    nothing = Unknown(f"only {CONFIG_FILE} was read")
    architecture = Facts({**given, "tensors": nothing}).get("architecture")
    tensors: Tensors | Unknown = nothing
    if not isinstance(quantization, Unknown) and not isinstance(architecture, Unknown):
        tensors = imply_tensors(config, architecture, quantization)
    return Facts({**given, "architecture": architecture, "tensors": tensors})


def _known(facts: Facts, name: str) -> Any:
    return _or_error(facts.get(name))


def _or_error(value: Any) -> Any:
    if isinstance(value, Unknown):
        raise NotEstimated(value.reason)
    return value
