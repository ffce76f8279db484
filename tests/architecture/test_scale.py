"""A sparse model of a trillion parameters is derived in no time, linear in its modules."""

import time

from release.architecture import Architecture, ModelConfig, derive_architecture
from tests.architecture.configs import CONFIGS
from tests.architecture.pieces import Config

DEEPSEEK: Config = CONFIGS["deepseek_v3"] | {
    "num_hidden_layers": 61,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "first_k_dense_replace": 3,
}


def derive(config: Config, stored: frozenset[str] = frozenset()) -> tuple[Architecture, float]:
    started = time.perf_counter()
    architecture = derive_architecture(ModelConfig(config), stored)
    seconds = time.perf_counter() - started
    assert isinstance(architecture, Architecture), architecture
    return architecture, seconds


def test_deepseek_v3_in_a_third_of_a_second() -> None:
    architecture, _ = derive(DEEPSEEK)
    assert len(architecture.modules) > 45_000
    names = frozenset(architecture.modules)
    assert min(derive(DEEPSEEK, names)[1] for _ in range(3)) < 0.3


def test_a_hybrid_with_many_layers_is_linear() -> None:
    many = CONFIGS["qwen3_5_text-interval"] | {"num_hidden_layers": 4000}
    assert min(derive(many)[1] for _ in range(2)) < 1
