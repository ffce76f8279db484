"""config.json -> Architecture: one declarative file a family, in `families/`."""

import importlib

from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.family import Architecture, Family
from release.unknown import Unknown

__all__ = ["FAMILIES", "Architecture", "ModelConfig", "derive_architecture"]

# model_type -> the file in `families/` that describes it.
FAMILIES = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3_moe": "qwen3_moe",
    "qwen3_5": "qwen3_5",
    "qwen3_5_text": "qwen3_5",
}


def derive_architecture(config: ModelConfig) -> Architecture | Unknown:
    """Derive the modules and caches that a config implies; Unknown with the reason if we can't."""
    name = FAMILIES.get(config.model_type)
    if name is None:
        known = ", ".join(sorted(FAMILIES))
        return Unknown(f"model_type {config.model_type!r} is not one we know ({known})")
    module = importlib.import_module(f"release.architecture.families.{name}")
    family: Family = module.FAMILY
    try:
        mtp_layers = next((n for key in family.mtp_keys if (n := config.count(key, 0))), 0)
        return Architecture(
            family=name,
            modules=dict(family.skeleton(config)),
            caches=family.caches(config),
            fused=family.fused,
            stack=family.stack(config),
            layers=config.count("num_hidden_layers"),
            tied=config.tied(family.tied_by_default),
            mtp=family.mtp,
            mtp_layers=mtp_layers,
            vision=config.vision is not None,
        )
    except ConfigGap as gap:
        return Unknown(f"config.json: {gap}")
