"""config.json -> Architecture: one declarative file a family, in `families/`."""

import importlib
from collections.abc import Collection
from difflib import get_close_matches

from release.architecture.config import ConfigGap, MissingSetting, ModelConfig
from release.architecture.defaults import fill_in
from release.architecture.family import (
    Architecture,
    Family,
    choose_spelling,
    respell,
    settle_modules,
)
from release.unknown import Unknown

__all__ = [
    "FAMILIES",
    "Architecture",
    "ModelConfig",
    "complete",
    "derive_architecture",
    "missing_setting",
]

# model_type -> the file in `families/` that describes it.
FAMILIES = {
    "apertus": "apertus",
    "arcee": "arcee",
    "cohere": "cohere",
    "cohere2": "cohere2",
    "deepseek_v2": "deepseek",
    "deepseek_v3": "deepseek",
    "deepseek_v32": "deepseek_v32",
    "ernie4_5": "ernie4_5",
    "ernie4_5_moe": "ernie4_5_moe",
    "exaone4": "exaone4",
    "falcon_h1": "falcon_h1",
    "falcon_mamba": "mamba",
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "gemma3_text": "gemma3",
    "gemma4": "gemma4",
    "gemma4_text": "gemma4",
    "glm4": "glm4",
    "glm4_moe": "glm4_moe",
    "glm4_moe_lite": "glm4_moe_lite",
    "glm_moe_dsa": "deepseek_v32",
    "gpt_oss": "gpt_oss",
    "granite": "granite",
    "granitemoe": "granitemoe",
    "granitemoehybrid": "granitemoehybrid",
    "hunyuan_v1_dense": "hunyuan_v1_dense",
    "jamba": "jamba",
    "kimi_k2": "deepseek",
    "kimi_linear": "kimi_linear",
    "lfm2": "lfm2",
    "lfm2_moe": "lfm2",
    "llama": "llama",
    "llama4": "llama4",
    "llama4_text": "llama4",
    "mamba": "mamba",
    "mamba2": "mamba2",
    "minimax_m2": "minimax_m2",
    "ministral3": "ministral3",
    "mistral": "mistral",
    "mistral3": "mistral3",
    "mixtral": "mixtral",
    "nemotron": "nemotron",
    "nemotron_h": "nemotron_h",
    "olmo2": "olmo2",
    "olmo3": "olmo3",
    "olmoe": "olmoe",
    "phi3": "phi3",
    "phimoe": "phimoe",
    "qwen2": "qwen2",
    "qwen2_5_vl": "qwen2_vl",
    "qwen2_moe": "qwen2_moe",
    "qwen2_vl": "qwen2_vl",
    "qwen3": "qwen3",
    "qwen3_5": "qwen3_5",
    "qwen3_5_moe": "qwen3_5_moe",
    "qwen3_5_moe_text": "qwen3_5_moe",
    "qwen3_5_text": "qwen3_5",
    "qwen3_moe": "qwen3_moe",
    "qwen3_next": "qwen3_next",
    "qwen3_vl": "qwen3_vl",
    "qwen3_vl_moe": "qwen3_vl_moe",
    "seed_oss": "seed_oss",
    "smollm3": "smollm3",
    "whisper": "whisper",
}

# Models that only encode: their layers attend to all tokens at once, and nothing is kept.
# Source: vLLM 0.32 v1/kv_cache_interface.py, EncoderOnlyAttentionSpec, and models/registry.py.
ENCODERS = frozenset(
    {"bert", "roberta", "xlm-roberta", "modernbert", "nomic_bert", "distilbert", "camembert"}
)


def derive_architecture(
    config: ModelConfig, stored: Collection[str] = frozenset()
) -> Architecture | Unknown:
    """Derive the modules and caches that a config implies; Unknown with the reason if we can't.

    `stored` are the names of the checkpoint's modules: they decide between the forms in which
    experts and towers are stored, never what must be there.
    """
    name = FAMILIES.get(config.model_type)
    if config.model_type in ENCODERS:
        return Unknown(f"{config.model_type} is an encoder: vLLM keeps no KV cache for it")
    if name is None:
        return _unknown_type(config.model_type)
    try:
        return _derive(name, _family(name), complete(config), stored)
    except ConfigGap as gap:
        return Unknown(f"config.json: {gap}")


def _unknown_type(model_type: str) -> Unknown:
    if not model_type:
        return Unknown("config.json names no model_type")
    near = get_close_matches(model_type[:60], FAMILIES, 3)
    known = f"nearest: {', '.join(near)}" if near else f"of {len(FAMILIES)}"
    return Unknown(f"model_type {model_type!r:.60} is not one we know ({known})")


def missing_setting(config: ModelConfig) -> str | None:
    """Name a size of the language model that a known family cannot do without and lacks."""
    name = FAMILIES.get(config.model_type)
    if name is None:
        return None
    try:
        _derive(name, _family(name), complete(config), frozenset())
    except MissingSetting as missing:
        return missing.key
    except ConfigGap:
        return None
    return None


def complete(config: ModelConfig) -> ModelConfig:
    """The config with what its class gives settings that it does not mention.

    Raises `ConfigGap`.
    """
    name = FAMILIES.get(config.model_type)
    if name is None:
        return config
    stated = _family(name).stated
    return fill_in(config.filled(stated(config)) if stated else config)


def _family(name: str) -> Family:
    family: Family = importlib.import_module(f"release.architecture.families.{name}").FAMILY
    return family


def _derive(
    name: str, family: Family, config: ModelConfig, stored: Collection[str]
) -> Architecture:
    spelling = choose_spelling(family, stored)
    layers = config.count("num_hidden_layers")
    plain = family.stack if isinstance(family.stack, str) else family.stack(config)
    stack = respell(f"{plain}.", spelling).removesuffix(".")
    mtp_layers = next((n for key in family.mtp_keys if (n := config.count(key, 0))), 0)
    return Architecture(
        family=name,
        modules=settle_modules(family.skeleton(config), spelling, stored),
        caches=family.caches(config),
        fused=family.fused(config) if callable(family.fused) else family.fused,
        stack=stack,
        layers=layers,
        tied=config.tied(family.tied_by_default),
        mtp=family.mtp and family.mtp.format(stack=stack, layers=layers),
        mtp_layers=mtp_layers,
        mtp_parts=family.mtp_parts,
        drafting_layers=mtp_layers or family.mtp_default,
        vision=config.vision is not None,
        served=family.served(config) if callable(family.served) else family.served,
        loading=family.loading,
        inputs=family.inputs(config) if callable(family.inputs) else family.inputs,
    )
