"""Gemma 3: five layers with a sliding window to one without; a SigLIP tower in the larger ones."""

import msgspec

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import FULL, SLIDING, ModelConfig, size
from release.architecture.decoder import AROUND_NORMS, decoder, layer_caches
from release.architecture.family import GATE_UP, LLAVA_SPELLINGS, QKV, Caches, Family, Inputs
from release.architecture.mlp import mlp_of
from release.architecture.served import LLAVA, Served
from release.architecture.skeleton import VECTOR, Expected, Skeleton, norm
from release.architecture.towers import siglip_vision
from release.unknown import Unknown


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, qk_norm=QK_NORM)
    yield from mlp_of(f"{name}.mlp", config)


def _prefix(config: ModelConfig) -> str:
    return "model.language_model" if config.model_type == "gemma3" else "model"


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from decoder(config, _layer, tied=True, prefix=_prefix(config), norms=AROUND_NORMS)
    if config.vision is not None:
        yield from siglip_vision("model.vision_tower", config.vision)
        projector, width = "model.multi_modal_projector", size(config.vision, "hidden_size", 768)
        shape = (width, config.size("hidden_size"))
        yield projector, Expected(VECTOR, {"mm_input_projection_weight": shape})
        yield from norm(f"{projector}.mm_soft_emb_norm", width)


def _caches(config: ModelConfig) -> Caches | Unknown:
    types = config.layer_types(FULL, 6, SLIDING, "sliding_window_pattern")
    if config.flag("use_bidirectional_attention"):
        return Unknown("bidirectional attention keeps no cache that we know")
    return layer_caches(config, types)


MOVED = {"model.vision_tower.encoder.": "model.vision_tower.vision_model.encoder."}
TILE = 64  # vLLM quantizes the tower's MLP only where both of its sizes are multiples


def _served(config: ModelConfig) -> Served:
    if config.vision is None or config.model_type != "gemma3":
        return Served()
    sizes = (
        size(config.vision, "hidden_size", 768),
        size(config.vision, "intermediate_size", 3072),
    )
    plain = () if all(n % TILE == 0 for n in sizes) else (".mlp.fc1", ".mlp.fc2")
    return msgspec.structs.replace(LLAVA, moved=MOVED, plain=("vision_tower.head.", *plain))


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    lambda config: f"{_prefix(config)}.layers",
    tied_by_default=True,
    spellings=LLAVA_SPELLINGS,
    served=_served,
    inputs=Inputs(("image",), joined=True),
)
