"""GLM-4.7-Flash: latent attention, the first layer dense, experts with a shared one."""

from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.decoder import decoder
from release.architecture.families.deepseek import deepseek_fused, routed_mlp
from release.architecture.family import MTP_LAYER, Family
from release.architecture.latent import latent_attention, latent_caches
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton

DENSE, SPARSE = "dense", "sparse"


def mlp_types(config: ModelConfig) -> list[str]:
    """Name what stands behind the attention of each layer. Raises `ConfigGap`."""
    layers = config.count("num_hidden_layers")
    types = config.text.get("mlp_layer_types")
    if types is None:
        first = config.count("first_k_dense_replace", 1)
        return [DENSE if index < first else SPARSE for index in range(layers)]
    if not isinstance(types, list) or len(types) != layers:
        raise ConfigGap("mlp_layer_types does not list one type for each of num_hidden_layers")
    return types


def _skeleton(config: ModelConfig) -> Skeleton:
    types = mlp_types(config)

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        yield from latent_attention(f"{name}.self_attn", config)
        if types[index] == SPARSE:
            yield from routed_mlp(f"{name}.mlp", config)
        else:
            yield from mlp_of(f"{name}.mlp", config)

    return decoder(config, layer)


FAMILY = Family(
    _skeleton,
    latent_caches,
    deepseek_fused,
    mtp="{stack}.{layers}.",
    mtp_keys=("num_nextn_predict_layers",),
    mtp_parts=MTP_LAYER,
)
