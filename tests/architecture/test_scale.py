"""A sparse model of a trillion parameters is derived in a number of steps linear in its modules."""

import sys
from typing import Any

from release.architecture import Architecture, ModelConfig, derive_architecture
from tests.architecture.configs import CONFIGS
from tests.architecture.pieces import Config

DEEPSEEK: Config = CONFIGS["deepseek_v3"] | {
    "num_hidden_layers": 61,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "first_k_dense_replace": 3,
}


def derive(config: Config, stored: frozenset[str] = frozenset()) -> Architecture:
    architecture = derive_architecture(ModelConfig(config), stored)
    assert isinstance(architecture, Architecture), architecture
    return architecture


def calls(config: Config) -> int:
    """How many functions are called on the way, which is the same on every machine."""
    names = frozenset(derive(config).modules)
    count = 0

    def note(_frame: object, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        derive(config, names)
    finally:
        sys.setprofile(None)
    return count


def test_twice_the_experts_are_twice_the_work() -> None:
    assert len(derive(DEEPSEEK).modules) > 45_000
    some, more = (calls(DEEPSEEK | {"n_routed_experts": count}) for count in (32, 64))
    assert more < 2.05 * some


def test_twice_the_layers_are_twice_the_work() -> None:
    hybrid = CONFIGS["qwen3_5_text-interval"]
    some, more = (calls(hybrid | {"num_hidden_layers": count}) for count in (400, 800))
    assert more < 2.05 * some
