"""Configs of hybrids with nonsense in them: a plan or a reason, never a traceback."""

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.memory.model import context_limit
from release.memory.pool import Pool, plan_pool
from release.memory.serving import Serving
from release.unknown import Unknown
from tests.architecture.configs import CONFIGS

KEYS = ["mamba_d_head", "mamba_dt_rank", "head_dim", "conv_L_cache", "expand", "time_step_rank"]
NAMES = ["lfm2", "lfm2_moe", "falcon_h1", "jamba", "qwen3_next", "mamba", "mamba2", "kimi_linear"]


@pytest.mark.parametrize("key", [*KEYS, "linear_attn_config"])
@pytest.mark.parametrize("value", [None, 0, -1, 1.5, "auto", [], {}, 1 << 40], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_any_size_gives_a_plan_or_a_reason(name: str, key: str, value: object) -> None:
    config = ModelConfig({**CONFIGS[name], key: value})
    architecture = derive_architecture(config)
    if isinstance(architecture, Architecture):
        assert isinstance(plan_pool(config, architecture, Serving()), Pool | Unknown)


def test_attention_that_keeps_nothing_is_said() -> None:
    config = ModelConfig({**CONFIGS["qwen3_next"], "head_dim": 0})
    architecture = derive_architecture(config)
    assert isinstance(architecture, Architecture)
    plan = plan_pool(config, architecture, Serving())
    assert isinstance(plan, Unknown)
    assert "keeps nothing" in plan.reason


@pytest.mark.parametrize(
    "value",
    [{"full_attn_layers": [1], "kda_layers": [2]}, {"full_attn_layers": 4, "kda_layers": "1"}],
    ids=["not all layers", "no lists"],
)
def test_layers_of_no_kind_are_a_reason(value: object) -> None:
    config = ModelConfig({**CONFIGS["kimi_linear"], "linear_attn_config": value})
    assert isinstance(derive_architecture(config), Unknown)


def test_nothing_said_of_layers_takes_those_of_the_class() -> None:
    config = ModelConfig({**CONFIGS["kimi_linear"], "linear_attn_config": []})
    assert isinstance(derive_architecture(config), Architecture)


def test_models_without_a_length_take_the_default_of_vllm() -> None:
    config = ModelConfig(CONFIGS["mamba"])
    assert context_limit(config) == 2048
    assert isinstance(context_limit(ModelConfig({"model_type": "llama"})), Unknown)


def test_an_encoder_of_nonsense_is_a_reason() -> None:
    for value in ("many", -1):
        config = ModelConfig(
            {**CONFIGS["whisper"], "dtype": "float16"} | {"max_source_positions": value}
        )
        assert isinstance(derive_architecture(config), Unknown)


def test_a_stretched_context_is_the_original_one_by_default() -> None:
    rope = {"type": "longrope", "original_max_position_embeddings": 4096}
    raw = {"model_type": "phimoe", "max_position_embeddings": 131_072, "rope_scaling": rope}
    assert context_limit(ModelConfig(raw)) == 4096
    assert context_limit(ModelConfig({**raw, "rope_scaling": {"type": "longrope"}})) == 131_072
