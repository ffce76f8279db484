"""DeepSeek V3.2 and GLM-5: DeepSeek V3 with an indexer that chooses the tokens to attend to."""

from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.decoder import decoder
from release.architecture.families.deepseek import deepseek_fused, routed_mlp
from release.architecture.families.glm4_moe_lite import SPARSE, mlp_types
from release.architecture.family import Caches, Family
from release.architecture.latent import LatentCache, latent_attention
from release.architecture.mlp import mlp_of
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, linear, norm

GLM = "glm_moe_dsa"
SHARED = "shared"  # GLM-5's layers of this type use the indexer of a layer before


def _indexer_types(config: ModelConfig) -> list[str]:
    layers = config.count("num_hidden_layers")
    types = config.text.get("indexer_types")
    if config.model_type != GLM:
        return ["full"] * layers
    if types is None:
        frequency = max(config.count("index_topk_freq", 1), 1)
        offset = config.count("index_skip_topk_offset", 2)
        chosen = [max(index - offset + 1, 0) % frequency == 0 for index in range(layers)]
        types = ["full" if own else SHARED for own in chosen]
    if not isinstance(types, list) or len(types) != layers:
        raise ConfigGap("indexer_types does not list one type for each of num_hidden_layers")
    return types


def _indexer(name: str, config: ModelConfig) -> Skeleton:
    heads, dim = config.count("index_n_heads"), config.size("index_head_dim")
    hidden = config.size("hidden_size")
    yield from linear(f"{name}.wq_b", heads * dim, config.size("q_lora_rank"))
    yield from linear(f"{name}.wk", dim, hidden)
    yield from norm(f"{name}.k_norm", dim, bias=True)
    yield from linear(f"{name}.weights_proj", heads, hidden)


def _skeleton(config: ModelConfig) -> Skeleton:
    types, indexers = mlp_types(config), _indexer_types(config)

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        yield from latent_attention(f"{name}.self_attn", config)
        if indexers[index] != SHARED:
            yield from _indexer(f"{name}.self_attn.indexer", config)
        if types[index] == SPARSE:
            yield from routed_mlp(f"{name}.mlp", config)
        else:
            yield from mlp_of(f"{name}.mlp", config)

    return decoder(config, layer)


def _caches(config: ModelConfig) -> Caches:
    # vLLM 0.32 models/deepseek_v2.py, Indexer: FP8 keys and a float32 scale for every 128.
    dim = config.size("index_head_dim")
    latent, rope = config.size("kv_lora_rank"), config.size("qk_rope_head_dim")
    return tuple(
        LatentCache(
            latent, rope, sparse=True, indexer=0 if kind == SHARED else dim + dim // 128 * 4
        )
        for kind in _indexer_types(config)
    )


FAMILY = Family(
    _skeleton,
    _caches,
    deepseek_fused,
    mtp="{stack}.{layers}.",
    mtp_keys=("num_nextn_predict_layers",),
    served=Served(plain=(".indexer.wk", ".indexer.weights_proj")),
)
