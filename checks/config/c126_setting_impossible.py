"""A size in config.json is no size or missing, or another setting is none that there is.

What it checks: numbers of layers, heads and experts are whole, not negative, and 10,000 at most;
    widths and the vocabulary are whole, not negative, and under 2^32; the context is not 0. An
    epsilon is a number from 0 to below 1, a share of rotary dimensions one up to 1, dtype one that
    torch computes in, and the activation one that transformers has; what Gemma divides by is
    above 0. Sizes without which nothing of a known family can be told are there. Other settings
    that are absent, null, or a list with a value for each layer are left alone.
Why it matters: every engine stops while it builds the model, or tries to build what no machine
    holds. Nothing that follows from the setting can be checked.
How to fix: take the value from the base model's config.json.
Seen in: tests only; no public case is known.
"""

from collections.abc import Iterator
from typing import Any

from release.architecture import Architecture, ModelConfig, missing_setting
from release.architecture.config import COUNT_CAP, SIZE_CAP
from release.rules import Findings, Found, in_config, rule
from release.unknown import Unknown

COUNTS = (
    *("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "num_experts"),
    *("num_local_experts", "n_routed_experts", "num_experts_per_tok"),
    *("linear_num_key_heads", "linear_num_value_heads"),
)
SIZES = (
    *("hidden_size", "intermediate_size", "moe_intermediate_size", "vocab_size", "head_dim"),
    *("linear_key_head_dim", "linear_value_head_dim", "kv_lora_rank", "q_lora_rank"),
    *("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "max_position_embeddings"),
    "sliding_window",
)
EPSILONS = ("rms_norm_eps", "layer_norm_eps", "norm_eps", "layer_norm_epsilon")
DTYPES = {"bfloat16", "float16", "float32", "float64", "half", "float", "double", "auto"}
ACTIVATIONS = {
    *("gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python"),
    *("gelu_python_tanh", "gelu_pytorch_tanh", "hardswish", "laplace", "leaky_relu", "linear"),
    *("mish", "prelu", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu", "sqrtsoftplus"),
    *("swish", "tanh", "xielu"),
}
# By one Gemma divides its logits, by the root of the other its queries, where they are not null.
DIVISORS = ("final_logit_softcapping", "query_pre_attn_scalar")
FIX = "take it from the base model's config.json"
CAPS = dict.fromkeys(COUNTS, COUNT_CAP) | dict.fromkeys(SIZES, SIZE_CAP - 1)


@rule(since="0.1.0")
def check(config: ModelConfig, architecture: Architecture | Unknown) -> Findings:
    """Judge the settings of the language model."""
    lacking = missing_setting(config) if isinstance(architecture, Unknown) else None
    if lacking:
        where = in_config(f"{config.text_path}{lacking}")
        yield Found(where, f"it is missing, and {config.model_type} has no size without it", FIX)
    for key, cap in CAPS.items():
        value = config.text.get(key)
        if value is not None and not isinstance(value, list | dict) and not _is_sound(value, cap):
            yield Found(
                where=in_config(f"{config.text_path}{key}"),
                message=f"{value!r:.40} is no number of {key.removeprefix('num_')}"
                if key in COUNTS
                else f"{value!r:.40} is no size",
                fix=FIX,
            )
    for key, what in _others(config):
        value = config.text.get(key)
        if value is not None:
            yield Found(in_config(f"{config.text_path}{key}"), f"{value!r:.40} is {what}", FIX)


def _others(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Settings that are no sizes and impossible, with what they are not."""
    text = config.text
    for key in EPSILONS:
        if type(text.get(key)) not in {int, float} or not 0 <= text[key] < 1:
            yield key, "no epsilon"
    for key in ("dtype", "torch_dtype"):
        name = text.get(key)
        if not isinstance(name, dict) and str(name).removeprefix("torch.") not in DTYPES:
            yield key, "no dtype that models are computed in"
    for key in ("hidden_act", "hidden_activation"):
        own = "auto_map" in config.raw  # and its code may have activations too
        if not own and str(text.get(key)) not in ACTIVATIONS:
            yield key, "no activation that transformers has"
    unfit = (k for k in DIVISORS if type(text.get(k)) not in {int, float} or not text[k] > 0)
    yield from ((key, "nothing to divide by") for key in unfit)
    share = text.get("partial_rotary_factor")
    if not isinstance(share, int | float) or not 0 < share <= 1:
        yield "partial_rotary_factor", "no share of the dimensions"
    if text.get("max_position_embeddings") == 0:
        yield "max_position_embeddings", "no length"


def _is_sound(value: Any, cap: int) -> bool:
    return type(value) is int and 0 <= value <= cap
