"""The model's config.json as typed questions: text settings are nested in multimodal models."""

from collections.abc import Mapping
from typing import Any

import msgspec

SIZE_CAP = 1 << 32
COUNT_CAP = 10_000

# What transformers' attribute_map of such a model maps to, of its decoder.
DECODER_NAMES = {
    "hidden_size": "d_model",
    "intermediate_size": "decoder_ffn_dim",
    "num_attention_heads": "decoder_attention_heads",
}

FULL, SLIDING, CHUNKED = "full_attention", "sliding_attention", "chunked_attention"
RECURRENT = "linear_attention"


class ConfigGap(Exception):  # noqa: N818 - it becomes an Unknown, never an error message
    """config.json lacks a key, or holds nonsense there, so nothing can be derived from it."""


class MissingSetting(ConfigGap):
    """config.json lacks a size of the language model, and its class has no default for it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is missing")
        self.key = key


class ModelConfig(msgspec.Struct, frozen=True):
    """config.json; `text` is its text_config where it has one, else all of it."""

    raw: dict[str, Any]

    @property
    def text(self) -> dict[str, Any]:
        """Settings of the language model."""
        nested = self.raw.get("text_config")
        return nested if isinstance(nested, dict) else self.raw

    @property
    def text_path(self) -> str:
        """Prefix of a text setting's path in config.json."""
        return "text_config." if isinstance(self.raw.get("text_config"), dict) else ""

    @property
    def vision(self) -> dict[str, Any] | None:
        """Settings of the vision tower, if there is one."""
        nested = self.raw.get("vision_config")
        return nested if isinstance(nested, dict) else None

    @property
    def model_type(self) -> str:
        """The top-level model_type, "" if absent."""
        return str(self.raw.get("model_type") or "")

    @property
    def architecture(self) -> str:
        """The first of `architectures`, "" if there is none."""
        names = self.raw.get("architectures")
        return str(names[0]) if isinstance(names, list) and names else ""

    @property
    def dtype(self) -> str | None:
        """The model's dtype: bfloat16, float16, float32; `torch_dtype` in older files.

        Readers take the top level's first, and the language model's where that has none.
        """
        for settings in (self.raw, self.text):
            for key in ("dtype", "torch_dtype"):
                if isinstance(settings.get(key), str):
                    return str(settings[key]).removeprefix("torch.")
        return None

    def get(self, key: str, default: Any = None) -> Any:
        """Read a text setting, falling back to the top level."""
        return self.text[key] if key in self.text else self.raw.get(key, default)

    def filled(self, defaults: dict[str, Any]) -> "ModelConfig":
        """Give text settings that are not mentioned (null is a mention) a value."""
        if self.text is self.raw:
            return ModelConfig({**defaults, **self.raw})
        return ModelConfig({**self.raw, "text_config": {**defaults, **self.text}})

    def size(self, key: str, default: int | None = None) -> int:
        """Read a text setting that is a size. Raises `ConfigGap`."""
        return size(self.text, self._there(key, default), default)

    def _there(self, key: str, default: int | None) -> str:
        stated = self._stated(key)
        if default is None and self.text.get(stated) is None:
            raise MissingSetting(key)
        return stated

    def _stated(self, key: str) -> str:
        """A setting's name in this config: models with an encoder have names of their own."""
        other = DECODER_NAMES.get(key, key)
        return other if key not in self.text and other in self.text else key

    def tied(self, default: bool) -> bool:
        """Whether the head shares the embedding; nested and top-level configs may both say so."""
        values = [
            c["tie_word_embeddings"] for c in (self.raw, self.text) if "tie_word_embeddings" in c
        ]
        return any(map(bool, values)) if values else default

    def flag(self, key: str, default: bool = False) -> bool:
        """Read a text setting that is true or false; absence and null are the default."""
        value = self.get(key)
        return default if value is None else bool(value)

    def window(self, default: int | None = None) -> int | None:
        """Read sliding_window; null and 0 mean that there is none. Raises `ConfigGap`."""
        stated = self.get("sliding_window", default)
        return None if stated is None else self.size("sliding_window", default) or None

    def layer_types(
        self,
        default: str,
        interval: int = 0,
        others: str = RECURRENT,
        key: str = "full_attention_interval",
    ) -> tuple[str, ...]:
        """Give the kind of every layer. Raises `ConfigGap` if there are too many or few.

        Without a list every `interval`-th layer has full attention, the rest are `others`. `key`
        may state the interval; the argument is the class's own, where it has one.
        """
        layers = self.count("num_hidden_layers")
        types = self.text.get("layer_types")
        if types is None:
            interval = self.text.get(key, interval)
            if isinstance(interval, int) and interval > 0:
                return tuple(FULL if (i + 1) % interval == 0 else others for i in range(layers))
            return (default,) * layers
        if not isinstance(types, list) or len(types) != layers:
            raise ConfigGap("layer_types does not list one type for each of num_hidden_layers")
        return tuple(map(str, types))

    def count(self, key: str, default: int | None = None) -> int:
        """Read a number of layers, heads or experts. Raises `ConfigGap`."""
        return count(self.text, self._there(key, default), default)


def size(settings: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """Read a non-negative size from some settings. Raises `ConfigGap`."""
    value = settings.get(key)
    if value is None:
        value = default
    if type(value) is not int or not 0 <= value < SIZE_CAP:
        what = "is missing" if value is None else f"is {value!r:.40}"
        raise ConfigGap(f"{key} {what}")
    return value


def count(settings: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """Read a number of layers, heads or experts from some settings. Raises `ConfigGap`."""
    value = size(settings, key, default)
    if value > COUNT_CAP:
        raise ConfigGap(f"{key} is {value:,}")
    return value
