"""What the config classes of transformers give settings that config.json leaves out.

Saved configs of multimodal models state of each part only what differs from its class.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from release.architecture.config import ModelConfig

DATA = Path(__file__).with_name("class_defaults.json")
# Every config of one piece states them: one that does not is not taken for its class's example.
STATED = frozenset({"hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size"})

Settings = dict[str, Any]


class _Class(msgspec.Struct, frozen=True):
    """A config class: its defaults, other names of its settings, the classes of its parts."""

    settings: Settings
    names: dict[str, str] = {}
    text: str = ""
    vision: str = ""

    def complete(self, stated: Settings, unless: frozenset[str] = frozenset()) -> Settings:
        """Add the defaults of what is not mentioned; null is a mention."""
        found = {k: v for k, v in self.settings.items() if k not in unless} | stated
        for pair in self.names.items():
            known = next((known for known in (stated, found) if known.keys() & set(pair)), {})
            value = next((known[key] for key in reversed(pair) if key in known), None)
            found |= {key: value for key in pair if known and key not in stated}
        return found


@cache
def _classes() -> dict[str, _Class]:
    return msgspec.convert(json.loads(DATA.read_text(encoding="utf-8")), dict[str, _Class])


def fill_in(config: ModelConfig) -> ModelConfig:
    """The config as its class reads it, as far as we look at it; others are as they are.

    Source: transformers, configuration_*.py of each family.
    """
    whole = _class_of(config.raw)
    if whole is None:
        return config
    found = whole.complete(config.raw, STATED)
    if config.text is config.raw:
        text = _classes().get(whole.text)
        found = text.complete(found, STATED) if text else found
    else:
        text = _class_of(config.text) or _classes().get(whole.text)
        found["text_config"] = text.complete(config.text) if text else config.text
    if config.vision is not None:
        vision = _class_of(config.vision) or _classes().get(whole.vision)
        found["vision_config"] = vision.complete(config.vision) if vision else config.vision
    return ModelConfig(found)


def _class_of(settings: Settings) -> _Class | None:
    return _classes().get(str(settings.get("model_type")))
