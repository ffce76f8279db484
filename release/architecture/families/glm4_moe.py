"""GLM-4.5 to 4.7: grouped-query attention, first layers dense, experts with shared ones."""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.families.deepseek import routed_mlp
from release.architecture.family import GATE_UP, MTP_LAYER, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    yield from attention(
        f"{name}.self_attn",
        config,
        qkv_bias=config.flag("attention_bias"),
        qk_norm=QK_NORM if config.flag("use_qk_norm") else None,
    )
    if index < config.count("first_k_dense_replace", 1):
        yield from mlp_of(f"{name}.mlp", config)
    else:
        yield from routed_mlp(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
    mtp="{stack}.{layers}.",
    mtp_keys=("num_nextn_predict_layers",),
    mtp_parts=MTP_LAYER,
)
