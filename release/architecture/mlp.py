"""Feed-forward blocks: the gated MLP and its mixture of experts."""

from release.architecture.config import ModelConfig
from release.architecture.skeleton import Skeleton, linear


def gated_mlp(name: str, hidden: int, intermediate: int, *, bias: bool = False) -> Skeleton:
    """gate_proj and up_proj (intermediate, hidden), down_proj (hidden, intermediate)."""
    yield from linear(f"{name}.gate_proj", intermediate, hidden, bias=bias)
    yield from linear(f"{name}.up_proj", intermediate, hidden, bias=bias)
    yield from linear(f"{name}.down_proj", hidden, intermediate, bias=bias)


# transformers 5 writes some families' `num_experts` as `num_local_experts`.
EXPERT_COUNTS = ("num_experts", "num_local_experts")


def expert_count(config: ModelConfig) -> int:
    """Number of routed experts, under whichever name. Raises `ConfigGap`."""
    stated = (key for key in EXPERT_COUNTS if config.text.get(key) is not None)
    return config.count(next(stated, EXPERT_COUNTS[0]))


def experts(name: str, config: ModelConfig, count: int) -> Skeleton:
    """A router and `count` experts as llm-compressor stores them: each with its own projections."""
    hidden, intermediate = config.size("hidden_size"), config.size("moe_intermediate_size")
    yield from linear(f"{name}.gate", count, hidden, float_only=True)
    for expert in range(count):
        yield from gated_mlp(f"{name}.experts.{expert}", hidden, intermediate)
