"""ERNIE 4.5 (sparse): experts with shared ones between a first and a last layer."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import expert_count, experts, gated_mlp
from release.architecture.skeleton import Skeleton, router, vectors


def _is_sparse(config: ModelConfig, index: int) -> bool:
    end = config.get("moe_layer_end_index", -1)
    last = config.count("num_hidden_layers") - 1
    last = last if end is None or end == -1 else config.count("moe_layer_end_index")
    step = config.count("moe_layer_interval", 1)
    first = config.count("moe_layer_start_index", 1)
    return step > 0 and (index + 1) % step == 0 and first <= index <= last


def _experts(name: str, config: ModelConfig, *, bias: bool) -> Skeleton:
    hidden, width = config.size("hidden_size"), config.size("moe_intermediate_size")
    count = expert_count(config, "moe_num_experts", "num_experts")
    yield from router(f"{name}.gate", count, hidden)
    yield from vectors(f"{name}.moe_statics", e_score_correction_bias=(1, count))
    yield from experts(f"{name}.experts", count, hidden, width)
    shared = config.count("moe_num_shared_experts", 2)
    if shared:
        yield from gated_mlp(f"{name}.shared_experts", hidden, width * shared, bias=bias)


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    bias, hidden = config.flag("use_bias"), config.size("hidden_size")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    if _is_sparse(config, index):
        yield from _experts(f"{name}.mlp", config, bias=bias)
    else:
        yield from gated_mlp(f"{name}.mlp", hidden, config.size("intermediate_size"), bias=bias)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=True)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
    tied_by_default=True,
    mtp="model.mtp_",
    mtp_keys=("num_nextn_predict_layers",),
)
