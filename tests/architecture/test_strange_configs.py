"""Whatever JSON stands in config.json: an Architecture or a reason, and that at once."""

import copy
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.unknown import Unknown
from tests.architecture.configs import CONFIGS

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 70)
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([10**9, 10_000, 4_000_000_000, math.inf, math.nan, 0.5, "", "auto", "M*"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
NUMBERS = [
    "num_hidden_layers",
    "num_attention_heads",
    "hidden_size",
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "vocab_size",
    "sliding_window",
]


def places(config: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [(*path, key) for key in config]
    for key, value in config.items():
        if isinstance(value, dict):
            found.extend(places(value, (*path, key)))
    return found


def change(config: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def judge(config: dict[str, Any]) -> Architecture | Unknown:
    started = time.perf_counter()
    derived = derive_architecture(ModelConfig(config))
    assert time.perf_counter() - started < 60
    assert isinstance(derived, Architecture) or "\n" not in derived.reason
    return derived


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_any_value_anywhere_gives_an_answer(data: st.DataObject) -> None:
    config = CONFIGS[data.draw(st.sampled_from(sorted(CONFIGS)))]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(config)))
        if path not in places(config):
            continue
        config = change(config, path, data.draw(values))
    judge(config)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_any_value_under_a_key_that_was_absent(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CONFIGS)))
    key = data.draw(
        st.sampled_from(
            [
                *NUMBERS,
                "layer_types",
                "moe_layers",
                "mlp_only_layers",
                "mlp_layer_types",
                "head_dim",
                "decoder_sparse_step",
                "mamba_d_head",
                "text_config",
                "vision_config",
                "hybrid_override_pattern",
                "tie_word_embeddings",
                "moe_layer_freq",
                "sliding_window_pattern",
                "deepstack_visual_indexes",
                "topk_method",
                "model_type",
            ]
        )
    )
    value = data.draw(values)
    config = CONFIGS[name]
    judge(config | {key: value})
    if isinstance(config.get("text_config"), dict):
        judge(config | {"text_config": config["text_config"] | {key: value}})


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_billion_layers_are_refused(name: str) -> None:
    config = CONFIGS[name]
    nested = "text_config" in config
    path = ("text_config", "num_hidden_layers") if nested else ("num_hidden_layers",)
    assert isinstance(judge(change(config, path, 10**9)), Unknown)


@pytest.mark.parametrize("key", ["num_experts", "num_hidden_layers"])
def test_many_are_refused_when_they_are_too_many_together(key: str) -> None:
    config = CONFIGS["qwen3_moe"] | {"num_experts": 9000, "num_hidden_layers": 9000}
    assert isinstance(judge(config), Unknown)
    assert isinstance(judge(config | {key: 2}), Architecture | Unknown)


# Parts of a multimodal model state what differs from their class, Whisper's class has all sizes.
@pytest.mark.parametrize(
    "name",
    sorted(name for name in CONFIGS.keys() - {"whisper"} if "text_config" not in CONFIGS[name]),
)
def test_a_missing_key_is_named(name: str) -> None:
    config = dict(CONFIGS[name])
    del config["hidden_size"]
    assert judge(config) == Unknown("config.json: hidden_size is missing")


def test_an_unknown_type_is_named() -> None:
    derived = judge({"model_type": "never_heard_of"})
    assert isinstance(derived, Unknown)
    assert "'never_heard_of'" in derived.reason
    assert isinstance(judge({}), Unknown)


def test_an_encoder_keeps_no_cache_and_says_so() -> None:
    derived = judge({"model_type": "modernbert", "hidden_size": 768, "num_hidden_layers": 22})
    assert derived == Unknown("modernbert is an encoder: vLLM keeps no KV cache for it")
