"""Feed-forward blocks: the MLP with a gate or without, and its mixture of experts."""

from release.architecture.config import ModelConfig
from release.architecture.skeleton import (
    VECTOR,
    Expected,
    Experts,
    Shape,
    Skeleton,
    linear,
    matrix,
    router,
)

# One expert's projections in Mixtral's own words.
W_SPELLING = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}

# transformers 5 writes some families' `num_experts` as `num_local_experts`.
EXPERT_COUNTS = ("num_experts", "num_local_experts")


def gated_mlp(name: str, hidden: int, intermediate: int, *, bias: bool = False) -> Skeleton:
    """gate_proj and up_proj (intermediate, hidden), down_proj (hidden, intermediate)."""
    yield from linear(f"{name}.gate_proj", intermediate, hidden, bias=bias)
    yield from linear(f"{name}.up_proj", intermediate, hidden, bias=bias)
    yield from linear(f"{name}.down_proj", hidden, intermediate, bias=bias)


def plain_mlp(name: str, hidden: int, intermediate: int, *, bias: bool = False) -> Skeleton:
    """up_proj (intermediate, hidden), down_proj (hidden, intermediate): no gate."""
    yield from linear(f"{name}.up_proj", intermediate, hidden, bias=bias)
    yield from linear(f"{name}.down_proj", hidden, intermediate, bias=bias)


def merged_mlp(name: str, hidden: int, intermediate: int) -> Skeleton:
    """gate_up_proj (2 * intermediate, hidden) as one module of the model itself, down_proj."""
    yield from linear(f"{name}.gate_up_proj", 2 * intermediate, hidden)
    yield from linear(f"{name}.down_proj", hidden, intermediate)


def mlp_of(name: str, config: ModelConfig) -> Skeleton:
    """A gated MLP without biases, of hidden_size and intermediate_size."""
    return gated_mlp(name, config.size("hidden_size"), config.size("intermediate_size"))


def expert_count(config: ModelConfig, *keys: str) -> int:
    """Number of routed experts, under whichever name. Raises `ConfigGap`."""
    keys = keys or EXPERT_COUNTS
    stated = (key for key in keys if config.text.get(key) is not None)
    return config.count(next(stated, keys[0]))


def experts(  # noqa: PLR0913 - the shape of an expert and the ways to write it down
    name: str,
    count: int,
    hidden: int,
    intermediate: int,
    *,
    bias: bool = False,
    spelling: dict[str, str] | None = None,
    transposed: bool | None = False,
) -> Skeleton:
    """`count` gated experts. `name` ends in `.experts`.

    `transposed` says how the fused form lies: (experts, in, out) as in Llama 4, or (experts, out,
    in); None where checkpoints have either, so that its shapes cannot be told.
    """
    wide, narrow = matrix(intermediate, hidden, bias=bias), matrix(hidden, intermediate, bias=bias)
    yield (
        name,
        Experts(
            count,
            {"gate_proj": wide, "up_proj": wide, "down_proj": narrow},
            spelling or {},
            {name: _fused(count, hidden, intermediate, bias=bias, transposed=transposed)},
        ),
    )


def plain_experts(name: str, count: int, hidden: int, intermediate: int) -> Skeleton:
    """`count` experts without a gate."""
    shapes: dict[str, Shape] = {
        "up_proj": (count, intermediate, hidden),
        "down_proj": (count, hidden, intermediate),
    }
    projections = {
        "up_proj": matrix(intermediate, hidden),
        "down_proj": matrix(hidden, intermediate),
    }
    yield name, Experts(count, projections, {}, {name: Expected(VECTOR, shapes)})


def sparse_mlp(name: str, config: ModelConfig, count: int, *, intermediate: str) -> Skeleton:
    """A router called `gate` and `count` experts; `intermediate` is the key of their width."""
    hidden = config.size("hidden_size")
    yield from router(f"{name}.gate", count, hidden)
    yield from experts(f"{name}.experts", count, hidden, config.size(intermediate))


def _fused(
    count: int, hidden: int, intermediate: int, *, bias: bool, transposed: bool | None
) -> Expected:
    if transposed is None:
        return Expected(VECTOR, {})
    up, down = (2 * intermediate, hidden), (hidden, intermediate)
    shapes: dict[str, Shape] = {
        "gate_up_proj": (count, *(reversed(up) if transposed else up)),
        "down_proj": (count, *(reversed(down) if transposed else down)),
    }
    if bias:
        shapes |= {
            "gate_up_proj_bias": (count, 2 * intermediate),
            "down_proj_bias": (count, hidden),
        }
    return Expected(VECTOR, shapes)


def sparse_step(config: ModelConfig, index: int) -> bool:
    """Whether a layer of the Qwen-MoE families has experts."""
    step = config.count("decoder_sparse_step", 1)
    dense = config.get("mlp_only_layers")
    return not (isinstance(dense, list) and index in dense) and step > 0 and (index + 1) % step == 0
