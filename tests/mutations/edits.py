"""What edits by hand leave in config.json: one change, one finding.

Such as people report them to vLLM, transformers, llm-compressor and compressed-tensors.
"""

from tests.mutate import Draft
from tests.mutations.config import GEMMA, setting, unset
from tests.mutations.fault import Fault, several
from tests.mutations.quantization import FP8, MIXED, NVFP4

MOE, LATENT, MTP = ("qwen3_moe-nvfp4",), ("deepseek_v3-nvfp4",), ("qwen3_5-mtp",)
FIRST, QUERY, KEY = (
    "model.layers.0.mlp.down_proj",
    "model.layers.0.self_attn.q_proj",
    "model.layers.0.self_attn.k_proj",
)
EXPERTS = ("n_routed_experts", "num_local_experts")
TEXT, SHARED = "model.language_model.layers", "model.layers.1.mlp.shared_experts"
ROPE, TYPES = "rope_parameters.rope_theta", "text_config.layer_types"


def second_layer(draft: Draft) -> Draft:
    """One more layer of the head for the next token but one than the config says."""
    for name in [name for name in draft.tensors() if name.startswith("mtp.layers.0.")]:
        other = name.replace("layers.0", "layers.1")
        draft.add(other, "BF16", draft.shape(name), beside=name).noise(other)
    return draft


SIZES = tuple(
    Fault("C126", f"{key} is {kind}", change, key, NVFP4)
    for key in ("num_hidden_layers", "hidden_size", "vocab_size")
    for kind, change in (("missing", unset(key)), ("null", setting(key, None)))
)
ALONE = (
    *several(
        "C126",
        NVFP4,
        ("an epsilon in quotes", setting("rms_norm_eps", "1e-06"), "rms_norm_eps"),
        ("a share of two", setting("partial_rotary_factor", 2.0), "partial_rotary_factor"),
        ("a length below none", setting("max_position_embeddings", -1), "max_position_embeddings"),
        ("an activation of two", setting("hidden_act", "swiglu"), "hidden_act"),
        ("a dtype cut short", setting("dtype", "bf16"), "dtype"),
    ),
    *several(
        "C102",
        NVFP4,
        ("no model_type", unset("model_type"), "model_type"),
        ("a model_type in capitals", setting("model_type", "LLAMA"), "model_type"),
        ("no class", setting("architectures", None), "architectures"),
        ("a class alone", setting("architectures", "LlamaForCausalLM"), "architectures"),
    ),
    *several(
        "C120",
        NVFP4,
        ("rope in a word", setting("rope_scaling", "linear"), "rope_scaling"),
        (
            "rope that stretches by nothing",
            setting("rope_scaling", {"type": "yarn"}),
            "rope_scaling.factor",
        ),
        ("a base of nothing", setting(ROPE, 0), ROPE),
        ("a base in quotes", setting(ROPE, "10000"), ROPE),
    ),
    *several(
        "C120",
        LATENT,
        ("tokens that go nowhere", setting("num_experts_per_tok", 0), "num_experts_per_tok"),
        ("uneven groups of experts", setting("n_group", 3), "n_group"),
        ("more groups than there are", setting("topk_group", 8), "topk_group"),
    ),
    *several(
        "C120", ("demo", *GEMMA), ("another dtype above", setting("dtype", "float16"), "dtype")
    ),
    *several("C126", MIXED, ("no language model", unset("text_config"), "num_hidden_layers")),
)
AGAINST_TENSORS = (
    *several(
        "C107",
        NVFP4,
        ("no number of key heads", unset("num_key_value_heads"), KEY),
        ("heads twice as wide", setting("head_dim", 64), QUERY),
    ),
    *several(
        "C107",
        MIXED,
        ("no width of heads", unset("text_config.head_dim"), f"{TEXT}.3.self_attn.q_proj"),
        ("a wider tower", setting("vision_config.hidden_size", 128), "model.visual.pos_embed"),
    ),
    *several(
        "C107",
        MOE,
        (
            "wider experts",
            setting("moe_intermediate_size", 256),
            "model.layers.1.mlp.experts.0.up_proj",
        ),
    ),
    *several(
        "C107", LATENT, ("two shared experts", setting("n_shared_experts", 2), f"{SHARED}.up_proj")
    ),
    *several(
        "T118",
        LATENT,
        ("no shared expert", setting("n_shared_experts", 0), f"{SHARED}.up_proj.weight_packed"),
    ),
    *several(
        "C111", MIXED, ("a block more", setting("vision_config.depth", 2), "model.visual.blocks.1")
    ),
    *several(
        "C108",
        MOE,
        ("every other layer sparse", setting("decoder_sparse_step", 2), "model.layers.0.mlp"),
    ),
    *several(
        "C108",
        LATENT,
        ("no dense layer", setting("first_k_dense_replace", 0), "model.layers.0.mlp.experts"),
    ),
    *several(
        "C110",
        LATENT,
        (
            "an MTP head by the config",
            setting("num_nextn_predict_layers", 1),
            "num_nextn_predict_layers",
        ),
    ),
    *several(
        "C108",
        ("deepseek_v3-nvfp4", "gpt_oss-mxfp4"),
        (
            "an expert more by the config",
            lambda d: d.config(
                *next((k, n + 1) for k, n in d.read().items() if k in EXPERTS and type(n) is int)
            ),
            lambda d: next(key for key in EXPERTS if key in d.read()),
        ),
    ),
    *several("C110", MTP, ("an MTP layer more", second_layer, "mtp.layers.1")),
    *several("C105", MIXED, ("a type too many", setting(TYPES, ["full_attention"] * 5), TYPES)),
    *several("T117", NVFP4, ("biases that nobody saved", setting("attention_bias", True), QUERY)),
    *several("T117", FP8, ("biases of the MLP", setting("mlp_bias", True), FIRST)),
    *several("C109", NVFP4, ("tied in quotes", setting("tie_word_embeddings", "false"), "lm_head")),
)
PLACEHOLDERS = (
    *several(
        "C115",
        MIXED,
        ("no id of images", unset("image_token_id"), "image_token_id"),
        ("no id of videos", unset("video_token_id"), "video_token_id"),
        ("no id where vision starts", unset("vision_start_token_id"), "vision_start_token_id"),
    ),
    *several(
        "C115", GEMMA, ("no place of images", unset("image_token_index"), "image_token_index")
    ),
    *several(
        "C115",
        ("mistral3-fp8",),
        ("a word for images", unset("image_token_index"), "image_token_index"),
    ),
    *several(
        "C115",
        NVFP4,
        ("an end in words", setting("eos_token_id", "</s>"), "eos_token_id"),
        ("an end below none", setting("eos_token_id", -1), "eos_token_id"),
        ("a pad of another model", setting("pad_token_id", 151_643), "pad_token_id"),
        ("a beginning of another model", setting("bos_token_id", 128_000), "bos_token_id"),
    ),
)
FAULTS = (*SIZES, *ALONE, *AGAINST_TENSORS, *PLACEHOLDERS)
