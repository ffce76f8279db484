"""Settings that config.json leaves out, held to what transformers' classes make of them."""

import copy
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from release.architecture import ModelConfig, complete, derive_architecture
from release.architecture.defaults import DATA, STATED
from release.memory.model import context_limit, endless, longest_length, serving_dtype
from release.memory.shape import measure_shape
from release.unknown import Unknown
from tests.architecture.configs import CONFIGS
from tests.architecture.pieces import Config

pytestmark = [
    pytest.mark.reference,
    pytest.mark.filterwarnings("ignore"),
]
# Of these nothing is taken from a class: what each config of one piece states; for Whisper's
# encoder num_hidden_layers counts as well.
NAMES_LAYERS = {"hybrid_override_pattern", "all"}  # without it there is no default that we take
# Activations by a width of the MLP under its older name.
LOOSE = {"lfm2-older": -1}
KEPT = {"model_type", "architectures", "encoder_layers"}
KEPT |= STATED


def loaded(raw: Config) -> Config | None:
    """Everything that transformers reads from a config; None if it refuses it."""
    transformers = pytest.importorskip("transformers")
    settings = copy.deepcopy(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = transformers.AutoConfig.for_model(settings.pop("model_type"), **settings)
        whole: Config = json.loads(config.to_json_string(use_diff=False))
    except Exception:  # noqa: BLE001 - it refuses in many ways
        return None
    # Text settings have a word of their own for it, which the whole model does not ask.
    if "text_config" in raw and "tie_word_embeddings" not in raw["text_config"]:
        whole["text_config"].pop("tie_word_embeddings", None)
    return whole


def without(raw: Config) -> Iterator[tuple[str, Config]]:
    """A config without each of its settings, and without all that may be left out."""
    parts = [part for part in ("text_config", "vision_config") if part in raw]
    if not parts:
        yield from ((key, settings) for key, settings in _shorter(raw, KEPT))
    for part in parts:
        shorter = _shorter(raw[part], {"model_type"})
        yield from ((f"{part}: {key}", {**raw, part: settings}) for key, settings in shorter)


def _shorter(settings: Config, kept: set[str]) -> Iterator[tuple[str, Config]]:
    for key in sorted(settings.keys() - kept):
        yield key, {name: value for name, value in settings.items() if name != key}
    yield "all", {name: value for name, value in settings.items() if name in kept}


def read(raw: Config) -> list[Any]:
    """All that decides about memory, or why it is not known."""
    config = ModelConfig(raw)
    architecture = derive_architecture(config)
    if isinstance(architecture, Unknown):
        return [architecture.reason]
    full = complete(config)
    return [
        replace(architecture, mtp_layers=0, drafting_layers=0, layers=0),
        *(ask(full) for ask in (context_limit, longest_length, endless, serving_dtype)),
        replace(measure_shape(full, architecture, 1), tables=(0, 0)),
    ]


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_left_out_is_what_the_class_has(name: str) -> None:
    for key, raw in without(CONFIGS[name]):
        whole = loaded(raw)
        if whole is not None and not (name.startswith("nemotron_h") and key in NAMES_LAYERS):
            ours, theirs = read(raw), read(whole)
            assert ours[: LOOSE.get(name)] == theirs[: LOOSE.get(name)], key


def test_the_defaults_are_those_of_transformers() -> None:
    """Else write what tests/architecture/class_defaults.py prints."""
    class_defaults = pytest.importorskip("tests.architecture.class_defaults")
    assert DATA.read_text() == class_defaults.written()


def test_what_is_stated_counts_before_what_the_class_has() -> None:
    config = complete(ModelConfig({"model_type": "qwen3", "head_dim": None, "sliding_window": 7}))
    assert config.text["head_dim"] is None
    assert config.text["sliding_window"] == 7
    assert config.text["max_position_embeddings"] == 32_768
    assert "hidden_size" not in config.text


def test_a_setting_goes_by_all_its_names() -> None:
    config = complete(ModelConfig({"model_type": "qwen3_moe", "num_local_experts": 5}))
    assert config.text["num_experts"] == 5
    other = ModelConfig({"model_type": "never_heard_of"})
    assert complete(other) is other
