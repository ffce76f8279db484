"""Configs of hybrids with nonsense in them: a plan or a reason, never a traceback."""

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.memory.pool import Pool, plan_pool
from release.memory.serving import Serving
from release.unknown import Unknown
from tests.architecture.configs import CONFIGS


@pytest.mark.parametrize("key", ["mamba_d_head", "mamba_dt_rank", "head_dim", "conv_L_cache"])
@pytest.mark.parametrize("value", [None, 0, -1, 1.5, "auto", [], {}, 1 << 40], ids=str)
@pytest.mark.parametrize("name", ["lfm2", "lfm2_moe", "falcon_h1", "jamba", "qwen3_next"])
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
