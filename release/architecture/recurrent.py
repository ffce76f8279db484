"""Layers with a state of fixed size: Gated DeltaNet, Mamba, short convolutions."""

import msgspec

from release.architecture.config import ModelConfig
from release.architecture.skeleton import CONV, Expected, Shape, Skeleton, linear, norm, vectors


class RecurrentCache(msgspec.Struct, frozen=True, tag="linear_attention"):
    """What one recurrent layer keeps for every sequence, whatever its length.

    Both shapes are per layer and sequence; the convolution's state is in the model's dtype, the
    recurrent one in `state_dtype` (the model's where it is None). Tensor parallelism splits the
    convolution's second dimension and the state's first. `groups` are those of Mamba 2, whose
    inputs are replicated where there are more GPUs; `checkpoints` the blocks beside its states
    that vLLM keeps to cache prefixes. `speculates`: the convolution also holds drafted tokens.
    """

    conv_shape: tuple[int, int]
    state_shape: tuple[int, ...]
    state_dtype: str | None
    kind: str = "gated_delta_net"
    groups: int = 0
    checkpoints: int = 0
    speculates: bool = True


class _Heads(msgspec.Struct, frozen=True):
    keys: int
    values: int
    key_dim: int
    value_dim: int
    kernel: int

    @property
    def channels(self) -> int:
        return 2 * self.keys * self.key_dim + self.values * self.value_dim


def _heads(config: ModelConfig) -> _Heads:
    return _Heads(
        config.count("linear_num_key_heads"),
        config.count("linear_num_value_heads"),
        config.size("linear_key_head_dim"),
        config.size("linear_value_head_dim"),
        config.size("linear_conv_kernel_dim", 4),
    )


def gated_delta_net(name: str, config: ModelConfig) -> Skeleton:
    """`linear_attn` of one layer with the four input projections of Qwen3.5."""
    hidden, heads = config.size("hidden_size"), _heads(config)
    value_width = heads.values * heads.value_dim
    yield from linear(f"{name}.in_proj_qkv", heads.channels, hidden)
    yield from linear(f"{name}.in_proj_z", value_width, hidden)
    yield from linear(f"{name}.in_proj_b", heads.values, hidden)
    yield from linear(f"{name}.in_proj_a", heads.values, hidden)
    yield from _core(name, hidden, heads)


def merged_delta_net(name: str, config: ModelConfig) -> Skeleton:
    """`linear_attn` of one layer with the two input projections of Qwen3-Next."""
    hidden, heads = config.size("hidden_size"), _heads(config)
    value_width = heads.values * heads.value_dim
    yield from linear(f"{name}.in_proj_qkvz", heads.channels + value_width, hidden)
    yield from linear(f"{name}.in_proj_ba", 2 * heads.values, hidden)
    yield from _core(name, hidden, heads)


def gated_delta_net_cache(config: ModelConfig, dtype_key: str | None = None) -> RecurrentCache:
    """The state of one layer, as vLLM's MambaStateShapeCalculator lays it out.

    `dtype_key` is the setting that vLLM takes the state's dtype from, for families that have one.
    Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, gated_delta_net_state_shape.
    """
    heads = _heads(config)
    dtype = config.get(dtype_key) if dtype_key else None
    return RecurrentCache(
        conv_shape=(max(heads.kernel - 1, 0), heads.channels),
        state_shape=(heads.values, heads.value_dim, heads.key_dim),
        state_dtype=str(dtype) if dtype else None,
    )


def _core(name: str, hidden: int, heads: _Heads) -> Skeleton:
    yield f"{name}.conv1d", Expected(CONV, {"weight": (heads.channels, 1, heads.kernel)})
    yield from vectors(name, A_log=(heads.values,), dt_bias=(heads.values,))
    yield from norm(f"{name}.norm", heads.value_dim)
    yield from linear(f"{name}.out_proj", hidden, heads.values * heads.value_dim)


class Mamba(msgspec.Struct, frozen=True):
    """The sizes of a Mamba-2 layer, under whichever keys a family has them."""

    heads: int
    head_dim: int
    groups: int
    state: int
    kernel: int

    @property
    def width(self) -> int:
        """Of the values."""
        return self.heads * self.head_dim

    @property
    def channels(self) -> int:
        """Of the convolution."""
        return self.width + 2 * self.groups * self.state


def mamba(  # noqa: PLR0913 - one switch for each way in which families differ
    name: str,
    hidden: int,
    sizes: Mamba,
    *,
    bias: bool = False,
    out_bias: bool | None = None,
    conv_bias: bool = True,
    gated_norm: bool = True,
) -> Skeleton:
    """The mixer of one Mamba-2 layer; `out_bias` is `bias` where it is None."""
    yield from linear(
        f"{name}.in_proj", sizes.width + sizes.channels + sizes.heads, hidden, bias=bias
    )
    conv: dict[str, Shape] = {"weight": (sizes.channels, 1, sizes.kernel)}
    if conv_bias:
        conv["bias"] = (sizes.channels,)
    yield f"{name}.conv1d", Expected(CONV, conv)
    yield from vectors(name, A_log=(sizes.heads,), D=(sizes.heads,), dt_bias=(sizes.heads,))
    if gated_norm:
        yield from norm(f"{name}.norm", sizes.width)
    biased = bias if out_bias is None else out_bias
    yield from linear(f"{name}.out_proj", hidden, sizes.width, bias=biased)


def mamba_cache(sizes: Mamba, state_dtype: str | None) -> RecurrentCache:
    """The state of one Mamba-2 layer.

    Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, mamba2_state_shape.
    """
    return RecurrentCache(
        conv_shape=(max(sizes.kernel - 1, 0), sizes.channels),
        state_shape=(sizes.heads, sizes.head_dim, sizes.state),
        state_dtype=state_dtype,
        kind="mamba2",
        groups=sizes.groups,
        checkpoints=1,
    )


class Selective(msgspec.Struct, frozen=True):
    """The sizes of a Mamba-1 layer; `rank` is that of its time steps."""

    width: int
    state: int
    kernel: int
    rank: int


def selective(
    name: str, hidden: int, sizes: Selective, *, bias: bool = False, conv_bias: bool = True
) -> Skeleton:
    """The mixer of one Mamba-1 layer."""
    yield from linear(f"{name}.in_proj", 2 * sizes.width, hidden, bias=bias)
    conv: dict[str, Shape] = {"weight": (sizes.width, 1, sizes.kernel)}
    if conv_bias:
        conv["bias"] = (sizes.width,)
    yield f"{name}.conv1d", Expected(CONV, conv)
    yield from linear(f"{name}.x_proj", sizes.rank + 2 * sizes.state, sizes.width)
    yield from linear(f"{name}.dt_proj", sizes.width, sizes.rank, bias=True)
    yield from vectors(name, A_log=(sizes.width, sizes.state), D=(sizes.width,))
    yield from linear(f"{name}.out_proj", hidden, sizes.width, bias=bias)


def selective_cache(sizes: Selective) -> RecurrentCache:
    """The state of one Mamba-1 layer, which vLLM does not keep for drafted tokens.

    Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, mamba1_state_shape.
    """
    return RecurrentCache(
        conv_shape=(max(sizes.kernel - 1, 0), sizes.width),
        state_shape=(sizes.width, sizes.state),
        state_dtype=None,
        kind="mamba1",
        speculates=False,
    )


def short_conv(name: str, hidden: int, kernel: int, *, bias: bool) -> Skeleton:
    """The gated short convolution of one LFM2 layer."""
    yield from linear(f"{name}.in_proj", 3 * hidden, hidden, bias=bias)
    conv: dict[str, Shape] = {"weight": (hidden, 1, kernel)}
    if bias:
        conv["bias"] = (hidden,)
    yield f"{name}.conv", Expected(CONV, conv)
    yield from linear(f"{name}.out_proj", hidden, hidden, bias=bias)


def short_conv_cache(channels: int, kernel: int) -> RecurrentCache:
    """The state of one short convolution: its last inputs, nothing recurrent.

    Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, short_conv_state_shape.
    """
    return RecurrentCache((max(kernel - 1, 0), channels), (), None, kind="short_conv")
