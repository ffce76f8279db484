"""Nemotron-H and Nemotron 3: one mixer a layer: Mamba 2, attention, MLP or experts."""

from typing import Any

from release.architecture.attention import attention, attention_cache
from release.architecture.config import FULL, RECURRENT, ConfigGap, ModelConfig
from release.architecture.decoder import known_types
from release.architecture.family import QKV, Caches, Family, LayerCache
from release.architecture.mlp import expert_count, plain_experts, plain_mlp
from release.architecture.recurrent import Mamba, mamba, mamba_cache
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, embedding, linear, norm, router

MLP, MOE = "mlp", "moe"
LETTERS = {"M": RECURRENT, "*": FULL, "-": MLP, "E": MOE}
LEGACY = {"mamba": RECURRENT, "attention": FULL}


def _listed(config: ModelConfig) -> list[str]:
    pattern = config.text.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return [LETTERS.get(letter, letter) for letter in pattern]
    types = config.text.get("layers_block_type", config.text.get("layer_types"))
    if not isinstance(types, list):
        raise ConfigGap("neither hybrid_override_pattern nor layer_types names the layers")
    return [LEGACY.get(str(kind), str(kind)) for kind in types]


def _types(config: ModelConfig) -> tuple[str, ...]:
    types = _listed(config)
    if len(types) != config.count("num_hidden_layers"):
        raise ConfigGap(f"num_hidden_layers is not {len(types)}, the number of layers named")
    return known_types(types, *LETTERS.values())


def _stated(config: ModelConfig) -> dict[str, Any]:
    return {"num_hidden_layers": len(_listed(config))}


def _sizes(config: ModelConfig) -> Mamba:
    return Mamba(
        config.count("mamba_num_heads"),
        config.size("mamba_head_dim"),
        config.count("n_groups"),
        config.size("ssm_state_size"),
        config.size("conv_kernel", 4),
    )


def _experts(name: str, config: ModelConfig) -> Skeleton:
    hidden, width = config.size("hidden_size"), config.size("moe_intermediate_size")
    count = expert_count(config, "n_routed_experts", "num_local_experts")
    inner = config.size("moe_latent_size", hidden)
    yield from router(f"{name}.gate", count, hidden, e_score_correction_bias=(count,))
    yield from plain_experts(f"{name}.experts", count, inner, width)
    shared = config.size("moe_shared_expert_intermediate_size")
    yield from plain_mlp(f"{name}.shared_experts", hidden, shared, bias=config.flag("mlp_bias"))
    if inner != hidden:
        yield from linear(f"{name}.fc1_latent_proj", inner, hidden, bias=config.flag("mlp_bias"))
        yield from linear(f"{name}.fc2_latent_proj", hidden, inner, bias=config.flag("mlp_bias"))


def _mixer(name: str, config: ModelConfig, kind: str) -> Skeleton:
    hidden, bias = config.size("hidden_size"), config.flag("attention_bias")
    if kind == RECURRENT:
        conv_bias = config.flag("use_conv_bias", default=True)
        uses = config.flag("use_bias")
        yield from mamba(name, hidden, _sizes(config), bias=uses, conv_bias=conv_bias)
    elif kind == FULL:
        yield from attention(name, config, qkv_bias=bias, o_bias=bias)
    elif kind == MLP:
        width = config.size("intermediate_size")
        yield from plain_mlp(name, hidden, width, bias=config.flag("mlp_bias"))
    else:
        yield from _experts(name, config)


def _skeleton(config: ModelConfig) -> Skeleton:
    hidden, vocab = config.size("hidden_size"), config.size("vocab_size")
    yield from embedding("backbone.embeddings", vocab, hidden)
    for index, kind in enumerate(_types(config)):
        yield from norm(f"backbone.layers.{index}.norm", hidden)
        yield from _mixer(f"backbone.layers.{index}.mixer", config, kind)
    yield from norm("backbone.norm_f", hidden)
    if not config.tied(default=False):
        yield from linear("lm_head", vocab, hidden)


def _caches(config: ModelConfig) -> Caches:
    # vLLM 0.32 models/config.py, NemotronHForCausalLMConfig: float32 unless config.json says else.
    dtype = str(config.get("mamba_ssm_cache_dtype") or "float32")
    of_kind: dict[str, LayerCache] = {
        FULL: attention_cache(config),
        RECURRENT: mamba_cache(_sizes(config), dtype),
    }
    return tuple(of_kind.get(kind) for kind in _types(config))


FAMILY = Family(
    _skeleton,
    _caches,
    QKV,
    "backbone.layers",
    mtp="mtp.",
    mtp_keys=("num_nextn_predict_layers",),
    spellings={"backbone.": ("model.",)},
    stated=_stated,
    served=Served({"backbone": "model"}, {"embeddings": "embed_tokens"}),
)
