"""Gated DeltaNet: linear attention with a recurrent state of fixed size."""

import msgspec

from release.architecture.config import ModelConfig
from release.architecture.skeleton import CONV, Expected, Skeleton, linear, norm, vectors


class RecurrentCache(msgspec.Struct, frozen=True, tag="linear_attention"):
    """What one recurrent layer keeps for every sequence, whatever its length.

    Both shapes are per layer and sequence; the convolution's state is in the model's dtype, the
    recurrent one in `state_dtype` (the model's where it is None).
    """

    conv_shape: tuple[int, int]
    state_shape: tuple[int, int, int]
    state_dtype: str | None


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
        config.size("linear_conv_kernel_dim"),
    )


def gated_delta_net(name: str, config: ModelConfig) -> Skeleton:
    """`linear_attn` of one layer with the four input projections of Qwen3.5."""
    hidden, heads = config.size("hidden_size"), _heads(config)
    value_width = heads.values * heads.value_dim
    yield from linear(f"{name}.in_proj_qkv", heads.channels, hidden)
    yield from linear(f"{name}.in_proj_z", value_width, hidden)
    yield from linear(f"{name}.in_proj_b", heads.values, hidden)
    yield from linear(f"{name}.in_proj_a", heads.values, hidden)
    yield f"{name}.conv1d", Expected(CONV, {"weight": (heads.channels, 1, heads.kernel)})
    yield from vectors(name, A_log=(heads.values,), dt_bias=(heads.values,))
    yield from norm(f"{name}.norm", heads.value_dim)
    yield from linear(f"{name}.out_proj", hidden, value_width)


def gated_delta_net_cache(config: ModelConfig) -> RecurrentCache:
    """The state of one layer, as vLLM's MambaStateShapeCalculator lays it out.

    Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, gated_delta_net_state_shape.
    """
    heads = _heads(config)
    dtype = config.get("mamba_ssm_dtype")
    return RecurrentCache(
        conv_shape=(max(heads.kernel - 1, 0), heads.channels),
        state_shape=(heads.values, heads.value_dim, heads.key_dim),
        state_dtype=str(dtype) if dtype else None,
    )
