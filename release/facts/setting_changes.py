"""config.json against the base's: settings that say something else, whatever form they are in."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from release.architecture import ModelConfig

OWN = frozenset(
    {
        "quantization_config",
        "compression_config",
        "dtype",
        "torch_dtype",
        "transformers_version",
        "_name_or_path",
        "name_or_path",
        "auto_map",
        "tie_word_embeddings",
        "use_cache",
        "num_experts",
        "num_local_experts",
        "n_routed_experts",
    }
)
"""What quantizing changes by right, and what other rules hold against the tensors."""

ROPE = ("rope_theta", "rope_scaling", "rope_parameters")
NO_SCALING = {"default", None}
SECTIONS = ("text_config", "vision_config", "audio_config")


class SettingChange(msgspec.Struct, frozen=True):
    """A setting by its path in config.json: as it is here, and as it is in the base."""

    path: str
    ours: Any
    base: Any


def provide_setting_changes(
    config: ModelConfig, base_config: ModelConfig
) -> tuple[SettingChange, ...]:
    """Compare what both state; a key that one of them leaves out has its class's default."""
    changes = list(_changes(config.raw, base_config.raw, ""))
    for name in SECTIONS:
        ours, base = config.raw.get(name), base_config.raw.get(name)
        if isinstance(ours, dict) and isinstance(base, dict):
            changes += _changes(ours, base, f"{name}.")
    return (*changes, *_rope_changes(config, base_config))


def _changes(
    ours: Mapping[str, Any], base: Mapping[str, Any], prefix: str
) -> Iterator[SettingChange]:
    for key in ours.keys() & base.keys() - OWN - set(ROPE) - set(SECTIONS):
        if not same(ours[key], base[key]):
            yield SettingChange(f"{prefix}{key}", ours[key], base[key])


def same(ours: Any, base: Any) -> bool:
    """Whether two JSON values mean the same: 1 and 1.0 do, 1 and true do not."""
    if isinstance(ours, bool) or isinstance(base, bool):
        return ours is base
    if isinstance(ours, list) and isinstance(base, list):
        return len(ours) == len(base) and all(map(same, ours, base))
    if isinstance(ours, dict) and isinstance(base, dict):
        return ours.keys() == base.keys() and all(same(ours[key], base[key]) for key in ours)
    return bool(ours == base)


def _rope_changes(config: ModelConfig, base_config: ModelConfig) -> Iterator[SettingChange]:
    ours, base = _rope(config), _rope(base_config)
    path = f"{config.text_path}rope_parameters"
    scaled = base.get("rope_type") not in NO_SCALING and "rope_type" not in ours
    if scaled:
        yield SettingChange(f"{path}.rope_type", None, base["rope_type"])
    for key in sorted(ours.keys() & base.keys()):
        if not same(ours[key], base[key]):
            yield SettingChange(f"{path}.{key}", ours[key], base[key])


def _rope(config: ModelConfig) -> dict[str, Any]:
    """The rotary settings in transformers 5's words; older files spread them over two keys."""
    rope: dict[str, Any] = {}
    if config.get("rope_theta") is not None:
        rope["rope_theta"] = config.get("rope_theta")
    for key in ("rope_scaling", "rope_parameters"):
        stated = config.get(key)
        if isinstance(stated, dict):
            rope |= {name: value for name, value in stated.items() if value is not None}
    if "type" in rope:
        rope.setdefault("rope_type", rope.pop("type"))
    return rope
