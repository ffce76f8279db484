"""What vLLM takes from config.json before it plans: the model's dtype and its longest context."""

from collections.abc import Iterator
from typing import Any

from release.architecture import ModelConfig
from release.architecture.config import SIZE_CAP
from release.memory.dtypes import MODEL_DTYPES, SPELLINGS
from release.memory.serving import Capability
from release.memory.versions import NEWEST, Version, parse_version, scales_yarn
from release.unknown import Unknown

# Source: vLLM 0.32 config/model.py, _FLOAT16_NOT_SUPPORTED_MODELS.
NO_FLOAT16 = frozenset({"gemma2", "gemma3", "gemma3_text", "glm4"})
# Source: vLLM 0.32 transformers_utils/model_arch_config_convertor.py.
LENGTH_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "model_max_length",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_length",
    "seq_len",
)
# Whose max_position_embeddings is scaled already: config/model.py, _get_and_verify_max_len.
SCALED_ROPE = frozenset(
    {"su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling", "default"}
)
# Whose config class has no length at all: vLLM takes its own default, and any that it is told.
ENDLESS = frozenset({"mamba", "mamba2", "falcon_mamba"})
DEFAULT_LENGTH = 2048
ORIGINAL = "original_max_position_embeddings"  # of a model whose context was stretched
WIDE, HALF = "float32", "float16"
PREFERRED = "bfloat16"
AMPERE: Capability = (8, 0)  # the first with bfloat16: vLLM 0.32 platforms/cuda.py
NOW = parse_version(NEWEST)


def serving_dtype(
    config: ModelConfig, asked: str = "auto", gpu: Capability | None = None
) -> str | Unknown:
    """The dtype in which vLLM runs a model: --dtype, on a GPU that has bfloat16 if none is named.

    Without a stated one it is what most tensors have: bfloat16 in every checkpoint that we know.
    Source: vLLM 0.32 config/model.py, _resolve_auto_dtype.
    """
    if asked != "auto":
        return SPELLINGS.get(asked, asked)
    old = gpu is not None and gpu < AMPERE
    able = [dtype for dtype in (PREFERRED, HALF, WIDE) if not lacks_dtype(config, dtype, old=old)]
    dtype = config.dtype
    if dtype is not None and dtype not in MODEL_DTYPES:
        return Unknown(f"config.json: dtype {dtype!r:.40} has no size we know")
    stated = SPELLINGS.get(dtype or WIDE, dtype or WIDE)
    return stated if stated in able and stated != WIDE else able[0]


def lacks_dtype(config: ModelConfig, dtype: str, *, old: bool) -> str | None:
    """Why vLLM refuses to run a model in a dtype; `old` GPUs have no bfloat16.

    Sources: vLLM 0.32 config/model.py, _check_valid_dtype; platforms/cuda.py,
    check_if_supports_dtype.
    """
    if dtype == PREFERRED and old:
        return "bfloat16 needs compute capability 8.0"
    if dtype == HALF and config.model_type in NO_FLOAT16:
        return f"vLLM does not run {config.model_type} in float16"
    return None


def context_limit(config: ModelConfig, version: Version = NOW) -> int | Unknown:
    """Tokens that vLLM takes for the longest request when --max-model-len does not say.

    Source: vLLM 0.32 config/model.py, _get_and_verify_max_len.
    """
    if endless(config):
        return DEFAULT_LENGTH
    longest = longest_length(config, version)
    if isinstance(longest, Unknown):
        return longest
    for rope in rope_settings(config.text):
        if _rope_type(rope) == "longrope":
            originals = (settings.get(ORIGINAL) for settings in (config.text, rope))
            return next(filter(None, map(_length, originals)), longest)
    return longest


def endless(config: ModelConfig) -> bool:
    """Whether the model has no longest request of its own."""
    return config.model_type in ENDLESS and not _stated(config)


def longest_length(config: ModelConfig, version: Version = NOW) -> int | Unknown:
    """Tokens above which vLLM refuses --max-model-len. Source: as `context_limit`."""
    if endless(config):
        return SIZE_CAP
    stated = _stated(config)
    if not stated:
        return Unknown("config.json does not say max_position_embeddings")
    limit = _length(config.text.get("model_max_length")) or min(stated)
    if "gemma3" in config.model_type:
        return limit
    factor: Any = 1
    for rope in rope_settings(config.text):
        if _rope_type(rope) == "yarn" and scales_yarn(version):
            limit = _length(rope.get(ORIGINAL)) or limit
            factor = rope.get("factor", factor)
        elif _rope_type(rope) not in SCALED_ROPE:
            factor = rope.get("factor", factor)
    scaled = limit * factor if isinstance(factor, int | float) else limit
    return int(scaled) if 0 < scaled < SIZE_CAP else limit


def _length(value: Any) -> int:
    return value if type(value) is int and 0 < value < SIZE_CAP else 0


def rope_settings(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rope settings of a text config, one for every kind of layer where they differ."""
    stated = settings.get("rope_parameters") or settings.get("rope_scaling")
    if isinstance(stated, dict):
        nested = [value for value in stated.values() if isinstance(value, dict)]
        yield from nested or [stated]


def _rope_type(rope: dict[str, Any]) -> str:
    return str(rope.get("rope_type") or rope.get("type") or "default")


def _stated(config: ModelConfig) -> list[int]:
    return [length for key in LENGTH_KEYS if (length := _length(config.text.get(key)))]
