"""Falcon-H1: attention and a Mamba-2 mixer side by side in every layer, then a gated MLP."""

from release.architecture.attention import attention, attention_cache
from release.architecture.config import ModelConfig
from release.architecture.family import GATE_UP, QKV, Caches, Family, ParallelCache
from release.architecture.mlp import gated_mlp
from release.architecture.recurrent import Mamba, mamba, mamba_cache
from release.architecture.skeleton import Skeleton, embedding, linear, norm


def _sizes(config: ModelConfig) -> Mamba:
    heads = config.count("mamba_n_heads")
    expanded = config.size("mamba_expand", 2) * config.size("hidden_size")
    width = config.size("mamba_d_ssm", expanded)
    computed = config.text.get("mamba_d_head") in (None, "auto")
    dim = width // max(heads, 1) if computed else config.size("mamba_d_head")
    groups, state = config.count("mamba_n_groups"), config.size("mamba_d_state")
    return Mamba(heads, dim, groups, state, config.size("mamba_d_conv"))


def _layer(name: str, config: ModelConfig) -> Skeleton:
    hidden, bias = config.size("hidden_size"), config.flag("attention_bias")
    yield from norm(f"{name}.input_layernorm", hidden)
    yield from norm(f"{name}.pre_ff_layernorm", hidden)
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    yield from mamba(
        f"{name}.mamba",
        hidden,
        _sizes(config),
        bias=config.flag("mamba_proj_bias"),
        out_bias=config.flag("projectors_bias"),
        conv_bias=config.flag("mamba_conv_bias", default=True),
        gated_norm=config.flag("mamba_rms_norm"),
    )
    width, biased = config.size("intermediate_size"), config.flag("mlp_bias")
    yield from gated_mlp(f"{name}.feed_forward", hidden, width, bias=biased)


def _skeleton(config: ModelConfig) -> Skeleton:
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding("model.embed_tokens", vocab, hidden)
    for index in range(config.count("num_hidden_layers")):
        yield from _layer(f"model.layers.{index}", config)
    yield from norm("model.final_layernorm", hidden)
    if not config.tied(default=False):
        yield from linear("lm_head", vocab, hidden)


def _caches(config: ModelConfig) -> Caches:
    # vLLM 0.32 models/falcon_h1.py: both in every layer; no state dtype of the config's own.
    both = ParallelCache((attention_cache(config), mamba_cache(_sizes(config), None)))
    return (both,) * config.count("num_hidden_layers")


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    served=None,
)
