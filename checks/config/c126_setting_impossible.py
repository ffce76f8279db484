"""A size in config.json is no size.

What it checks: numbers of layers, heads and experts are whole, not negative, and 10,000 at most;
    widths and the vocabulary are whole, not negative, and under 2^32. Settings that are absent,
    null, or a list with a value for each layer are left alone.
Why it matters: every engine stops while it builds the model, or tries to build what no machine
    holds. Nothing that follows from the setting can be checked.
How to fix: take the value from the base model's config.json.
Seen in: tests only; no public case is known.
"""

from typing import Any

from release.architecture import ModelConfig
from release.architecture.config import COUNT_CAP, SIZE_CAP
from release.rules import Findings, Found, in_config, rule

COUNTS = (
    *("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "num_experts"),
    *("num_local_experts", "n_routed_experts", "num_experts_per_tok"),
    *("linear_num_key_heads", "linear_num_value_heads"),
)
SIZES = (
    *("hidden_size", "intermediate_size", "moe_intermediate_size", "vocab_size", "head_dim"),
    *("linear_key_head_dim", "linear_value_head_dim", "kv_lora_rank", "q_lora_rank"),
    *("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"),
)
CAPS = dict.fromkeys(COUNTS, COUNT_CAP) | dict.fromkeys(SIZES, SIZE_CAP - 1)


@rule(since="0.1.0")
def check(config: ModelConfig) -> Findings:
    """Judge the settings of the language model."""
    for key, cap in CAPS.items():
        value = config.text.get(key)
        if value is not None and not isinstance(value, list | dict) and not _is_sound(value, cap):
            yield Found(
                where=in_config(f"{config.text_path}{key}"),
                message=f"{value!r:.40} is no number of {key.removeprefix('num_')}"
                if key in COUNTS
                else f"{value!r:.40} is no size",
                fix="take it from the base model's config.json",
            )


def _is_sound(value: Any, cap: int) -> bool:
    return type(value) is int and 0 <= value <= cap
