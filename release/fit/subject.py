"""What is asked about: a model's config, caches and weights."""

from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from release.architecture import Architecture, ModelConfig, complete, derive_architecture
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.architecture.recurrent import RecurrentCache
from release.checkpoint import CONFIG_FILE, Checkpoint, open_checkpoint
from release.checkpoint.bare import open_bare
from release.checkpoint.location import Location
from release.errors import ReleaseError
from release.facts import Facts, Level
from release.facts.implied import imply_tensors
from release.facts.kernels import Service
from release.facts.known import Known
from release.facts.minimum import BY_HEAD
from release.facts.modules import Modules
from release.facts.shards import RankWeights, rank_weights
from release.fit.splitting import Parts, parts_of
from release.memory.defaults import Settled, Traits
from release.memory.model import context_limit
from release.memory.shape import Shape, measure_shape
from release.memory.versions import parse_version
from release.quantization.config import QuantizationConfig, canonical_method, find_quantization
from release.quantization.foreign import translate_foreign
from release.unknown import Unknown

# vLLM pads experts of this method up to multiples of these, as none of its files says. Source:
# vLLM 0.32 layers/fused_moe/oracle/mxfp4.py.
GLM_5 = "GlmMoeDsaForCausalLM"
TIED = "tie_word_embeddings"
PADDED, PADDED_WIDTH, PADDED_HIDDEN = "mxfp4", 128, 256


class NotEstimated(ReleaseError):  # noqa: N818 - an answer of its own kind
    """A question that has no answer, only a reason."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(f"not estimated: {reason}")


class Subject(msgspec.Struct, frozen=True, dict=True):
    """A model to serve; `computed` says that no weights were read, only what the config implies.

    Without a quantization that we know there are no weights, but the cache is known still.
    `weighed` remembers `weights`. `capability` is the least CUDA compute capability with kernels
    for every scheme, None if not known. `releases` are the first and the last of vLLM that register
    its class, None where none does.
    """

    name: str
    config: ModelConfig
    architecture: Architecture
    quantization: QuantizationConfig | Unknown
    modules: Modules | Unknown
    limit: int
    computed: bool
    capability: tuple[int, int] | None = None
    releases: tuple[str | None, str | None] | None = (None, None)
    weighed: dict[Any, RankWeights | Unknown] = {}

    @property
    def traits(self) -> Traits:
        """What decides about vLLM's defaults."""
        quantization, inputs = self.quantization, self.architecture.inputs
        scheme = None if isinstance(quantization, Unknown) else quantization.kv_cache_scheme
        kinds = inputs.kinds if self.architecture.vision else ()
        step = inputs.least_step if kinds else 0
        return Traits(
            calibrated=scheme is not None,
            by_head=scheme is not None and scheme.strategy == BY_HEAD,
            narrow_on_blackwell=self.config.architecture == GLM_5,
            inputs=kinds,
            least_step=step,
            joined=inputs.joined and bool(kinds),
        )

    @cached_property
    def schemes(self) -> tuple[str, ...]:
        """The schemes that its modules are stored in, sorted; none where they are not known."""
        known = () if isinstance(self.modules, Unknown) else self.modules
        schemes = (module.known_scheme for module in known)
        return tuple(sorted({scheme.name for scheme in schemes if scheme}))

    @property
    def method(self) -> str | None:
        """What its quantization is called by vLLM, if config.json declares one."""
        _, declared = find_quantization(self.config.raw) or ("", None)
        return (
            canonical_method(declared.get("quant_method")) if isinstance(declared, dict) else None
        )

    @cached_property
    def parts(self) -> Parts:
        """What tensor parallelism may cut."""
        return parts_of(self.architecture, self.modules)

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
            settled.whole_towers,
        )
        if split not in self.weighed:
            self.weighed[split] = rank_weights(
                self.modules,
                self.config,
                self.architecture,
                serving,
                text_only=text_only,
                whole_towers=settled.whole_towers,
            )
        return self.weighed[split]

    @property
    def sparse(self) -> bool:
        """Whether it has experts, which several engines of one start share."""
        return any(".experts" in name for name in self.architecture.modules)

    @property
    def recurrent(self) -> bool:
        """Whether a layer keeps a state instead of keys and values."""
        caches = self.architecture.caches
        kept = () if isinstance(caches, Unknown) else numbered(caches)
        return any(isinstance(cache, RecurrentCache) for _, cache in kept)

    def padding(self, ranks: int) -> float:
        """The most by which kernels' sizes make the weights on each of `ranks` GPUs larger."""
        _, declared = find_quantization(self.config.raw) or ("", None)
        if not isinstance(declared, dict) or declared.get("quant_method") != PADDED:
            return 0.0
        hidden = self.config.size("hidden_size")
        width = self.config.size("moe_intermediate_size", self.config.size("intermediate_size"))
        each = max(width // ranks, 1)
        padded = -(-each // PADDED_WIDTH) * PADDED_WIDTH * -(-hidden // PADDED_HIDDEN)
        return padded * PADDED_HIDDEN / (each * hidden) - 1

    def shape(self, settled: Settled) -> Shape | Unknown:
        """The sizes that decide about activations."""
        ranks = settled.serving.tensor_parallel_size
        try:
            return measure_shape(self.config, self.architecture, ranks)
        except ConfigGap as gap:
            return Unknown(f"config.json: {gap}")


def for_release(subject: Subject, vllm: str) -> Subject:
    """The subject with the longest context that a release of vLLM takes it for."""
    limit = context_limit(subject.config, parse_version(vllm))
    same = isinstance(limit, Unknown) or limit == subject.limit
    return subject if same else msgspec.structs.replace(subject, limit=limit)


def open_subject(location: Location) -> Subject:
    """Read a checkpoint's headers, or no more than a config.json.

    Raises `NotEstimated` with the reason of the first fact that is not known, `CheckpointError`.
    """
    if isinstance(location, Path) and location.is_file():
        named = location.parent if location.name == CONFIG_FILE else Path(location.stem)
        return subject_of(open_bare(location), str(named))
    name = str(location) if isinstance(location, Path) else location.repository
    return subject_of(open_checkpoint(location), name)


def subject_of(checkpoint: Checkpoint, name: str) -> Subject:
    """Take the subject from a checkpoint that was opened. Raises `NotEstimated`."""
    return _subject(weighed_facts(checkpoint), name)


def weighed_facts(checkpoint: Checkpoint) -> Facts:
    """The facts of a checkpoint; `implied` says why its tensors are those its config implies."""
    given: dict[str, Any] = {"checkpoint": checkpoint, "implied": ""}
    facts = Facts(given, Level.HEADERS)
    stored = facts.get("tensors")
    if not isinstance(stored, Unknown):
        return facts
    quantization = _declared(facts)
    needed: list[Any] = [*_loaded(facts.get("config"), facts.get("architecture")), quantization]
    unknown = next((fact for fact in needed if isinstance(fact, Unknown)), None)
    if unknown is not None and unknown is quantization:
        unknown = Unknown(f"{unknown.reason}: only its files say what its weights take")
    tensors = unknown or imply_tensors(*needed)
    implied = "" if isinstance(tensors, Unknown) else stored.reason
    given |= {"implied": implied, "tensors": tensors, "quantization": quantization}
    if implied:  # what implies them is as it was
        given |= dict(zip(("config", "architecture"), needed, strict=False))
    return Facts(given, Level.HEADERS)


def _loaded(
    config: ModelConfig | Unknown, architecture: Architecture | Unknown
) -> tuple[ModelConfig | Unknown, Architecture | Unknown]:
    """What vLLM builds of a config, where nothing is stored that says otherwise."""
    if isinstance(config, Unknown) or isinstance(architecture, Unknown):
        return config, architecture
    stated = any(TIED in each for each in (config.raw, config.text))
    if stated or not architecture.loading.own_head:
        return config, architecture
    told = config.filled({TIED: False})
    return told, derive_architecture(told)


def _declared(facts: Facts) -> QuantizationConfig | Unknown:
    """The declared quantization, also another tool's where we know what that takes."""
    declared: QuantizationConfig | Unknown = facts.get("quantization")
    if not isinstance(declared, Unknown):
        return declared
    config = facts.get("config")
    told = None if isinstance(config, Unknown) else translate_foreign(config.raw)
    return declared if told is None else told


def _modules(facts: Facts) -> Modules | Unknown:
    """The modules; of another tool's checkpoint those that its tensors are, for their bytes."""
    modules: Modules | Unknown = facts.get("modules")
    if not isinstance(modules, Unknown) or isinstance(facts.get("tensors"), Unknown):
        return modules
    stored: Modules | Unknown = facts.get("stored_modules")
    return stored


def _subject(facts: Facts, name: str) -> Subject:
    architecture = _known(facts, "architecture")
    config = complete(_known(facts, "config"))
    limit = context_limit(config)
    return Subject(
        name=name,
        config=config,
        architecture=architecture,
        quantization=_declared(facts),
        modules=_modules(facts),
        limit=_or_error(limit),
        computed=bool(facts.get("implied")),
        capability=_capability(facts.get("kernels")),
        releases=_releases(config, facts.get("known")),
    )


def _capability(services: tuple[Service, ...] | Unknown) -> tuple[int, int] | None:
    known = () if isinstance(services, Unknown) else services
    lowest = max((each.lowest for each in known if each.lowest is not None), default=None)
    return None if lowest is None else (lowest // 10, lowest % 10)


def _releases(config: ModelConfig, known: Known) -> tuple[str | None, str | None] | None:
    """The releases of vLLM that have the class. Raises `NotEstimated`.

    What vLLM has no class for it takes to transformers, where that or remote code has one. Source:
    vLLM 0.32 models/registry.py, _try_resolve_transformers.
    """
    name = config.architecture
    if not name or name in known.vllm:
        return known.vllm.get(name, (None, None))
    if known.architectures.get(name) or config.raw.get("auto_map"):
        what = f"vLLM has no class of its own for {name:.60}"
        raise NotEstimated(f"{what}, and its backend of transformers' classes is not modelled")
    return None


def _known(facts: Facts, name: str) -> Any:
    return _or_error(facts.get(name))


def _or_error(value: Any) -> Any:
    if isinstance(value, Unknown):
        raise NotEstimated(value.reason)
    return value
