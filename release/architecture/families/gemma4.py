"""Gemma 4: wider heads in the layers with full attention, inputs and experts in some sizes.

The audio tower is not described: nothing is said of its modules.
"""

from release.architecture.attention import QK_NORM, AttentionCache, attention, head_dim, kv_heads
from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import AROUND_NORMS, decoder, known_types
from release.architecture.family import GATE_UP, QKV, Caches, Family, Inputs
from release.architecture.mlp import expert_count, experts, gated_mlp
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, embedding, linear, norm, router, vectors
from release.architecture.towers import gemma4_vision
from release.unknown import Unknown

# Frames of a video, tokens of one of them and what is around these: vLLM 0.32 models/gemma4_mm.py.
VIDEO_TOKENS = 32 * (70 + 2 + 6)
SPARSE_NORMS = (
    "post_feedforward_layernorm_1",
    "post_feedforward_layernorm_2",
    "pre_feedforward_layernorm_2",
)


def _types(config: ModelConfig) -> tuple[str, ...]:
    types = known_types(config.layer_types(FULL, 6, SLIDING, ""), FULL, SLIDING)
    return (*types[:-1], FULL) if types else ()


def _of_layer(config: ModelConfig, index: int, kind: str) -> ModelConfig:
    """Give the settings that hold for one layer."""
    stated = config.text.get("per_layer_config")
    if isinstance(stated, dict):
        # Keys are as wide as that of the last layer: 05.
        keys = (key for key in stated if key.lstrip("0") == str(index or ""))
        own = stated.get(next(keys, ""))
        return ModelConfig({**config.text, **own} if isinstance(own, dict) else config.text)
    if kind == SLIDING:
        return config
    wide = {"head_dim": config.size("global_head_dim", 512)}
    if config.flag("attention_k_eq_v") and config.text.get("num_global_key_value_heads"):
        wide["num_key_value_heads"] = config.count("num_global_key_value_heads")
    return ModelConfig({**config.text, **wide})


def _first_shared(config: ModelConfig) -> int:
    shared = config.count("num_kv_shared_layers", 0)
    layers = config.count("num_hidden_layers")
    return layers - shared if shared else layers


def _attention(name: str, config: ModelConfig, kind: str, *, shared: bool) -> Skeleton:
    bias = config.flag("attention_bias")
    missing = {f"{name}.{part}" for part in ("k_proj", "v_proj", "k_norm")} if shared else set()
    if kind == FULL and config.flag("attention_k_eq_v"):
        missing.add(f"{name}.v_proj")
    parts = attention(name, config, qkv_bias=bias, o_bias=bias, qk_norm=QK_NORM)
    yield from ((part, expected) for part, expected in parts if part not in missing)


def _sparse(name: str, config: ModelConfig) -> Skeleton:
    hidden, count = config.size("hidden_size"), expert_count(config)
    for each in SPARSE_NORMS:
        yield from norm(f"{name}.{each}", hidden)
    yield from router(f"{name}.router.proj", count, hidden)
    yield from vectors(f"{name}.router", scale=(hidden,), per_expert_scale=(count,))
    yield from experts(f"{name}.experts", count, hidden, config.size("moe_intermediate_size"))


def _text(config: ModelConfig, prefix: str) -> Skeleton:
    types, first_shared = _types(config), _first_shared(config)
    hidden, extra = config.size("hidden_size"), config.size("hidden_size_per_layer_input", 256)

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        shared = index >= first_shared > 0
        own = _of_layer(config, index, types[index])
        yield from _attention(f"{name}.self_attn", own, types[index], shared=shared)
        double = shared and config.flag("use_double_wide_mlp")
        width = config.size("intermediate_size") * (2 if double else 1)
        yield from gated_mlp(f"{name}.mlp", hidden, width)
        yield from vectors(name, layer_scalar=(1,))
        if extra:
            yield from linear(f"{name}.per_layer_input_gate", extra, hidden)
            yield from linear(f"{name}.per_layer_projection", hidden, extra)
            yield from norm(f"{name}.post_per_layer_input_norm", hidden)
        if config.flag("enable_moe_block"):
            yield from _sparse(name, config)

    yield from decoder(config, layer, tied=True, prefix=prefix, norms=AROUND_NORMS)
    if extra:
        total = config.count("num_hidden_layers") * extra
        rows = config.size("vocab_size_per_layer_input", 262_144)
        yield from embedding(f"{prefix}.embed_tokens_per_layer", rows, total)
        yield from linear(f"{prefix}.per_layer_model_projection", total, hidden)
        yield from norm(f"{prefix}.per_layer_projection_norm", extra)


def _prefix(config: ModelConfig) -> str:
    return "model" if config.model_type.endswith("_text") else "model.language_model"


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from _text(config, _prefix(config))
    if config.vision is not None:
        yield from gemma4_vision("model", config.vision, config.size("hidden_size"))


def _caches(config: ModelConfig) -> Caches | Unknown:
    # vLLM 0.32 models/gemma4.py: kv_sharing_target_layer_name, heads of each layer's own width.
    if config.get("use_bidirectional_attention") == "all":
        return Unknown("bidirectional attention keeps no cache that we know")
    found: list[AttentionCache | None] = []
    for index, kind in enumerate(_types(config)):
        own = _of_layer(config, index, kind)
        window = config.window() if kind == SLIDING else None
        cache = AttentionCache(kv_heads(own), head_dim(own), head_dim(own), window)
        found.append(None if index >= _first_shared(config) else cache)
    return tuple(found)


SERVED = Served(
    prefixes={
        "model.vision_tower": "vision_tower",
        "model.embed_vision": "embed_vision",
        "model.audio_tower.": "audio_tower.",
        "model.embed_audio.": "embed_audio.",
        "model.language_model.": "language_model.model.",
        "lm_head.": "language_model.lm_head.",
        "model": "language_model.model",
    },
    head="language_model.lm_head",
)
SERVED_TEXT = Served({"model.language_model.": "model."})


def _inputs(config: ModelConfig) -> Inputs:
    """A video's frames see each other, so that a step takes all of them."""
    whole = config.get("use_bidirectional_attention") == "vision"
    return Inputs(joined=whole, least_step=VIDEO_TOKENS if whole else 0)


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    lambda config: f"{_prefix(config)}.layers",
    tied_by_default=True,
    served=lambda config: SERVED_TEXT if config.model_type.endswith("_text") else SERVED,
    inputs=_inputs,
)
