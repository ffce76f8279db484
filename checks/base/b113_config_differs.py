"""A setting of config.json is not the base's.

What it checks: every setting that both files state, text, vision and rotary ones included, in
    either form that transformers has given them; left out is what quantizing changes: dtype,
    tying, the number of experts, who wrote the file.
Why it matters: the engine computes another model from the same weights. Settings of attention,
    rotary positions, norms and activations change every token and no shape.
How to fix: take config.json from the base, and add quantization_config.
Seen in: no public case; a config edited for another engine.
"""

from release.facts.comparison import Comparison
from release.facts.setting_changes import SettingChange
from release.rules import Findings, Found, in_config, rule

OF_THE_MATHS = {
    "model_type",
    "head_dim",
    "hidden_size",
    "intermediate_size",
    "hidden_act",
    "hidden_activation",
    "layer_types",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "num_experts_per_tok",
    "norm_topk_prob",
    "routed_scaling_factor",
    "scoring_func",
    "n_group",
    "topk_group",
    "sliding_window",
    "vocab_size",
    "rms_norm_eps",
    "layer_norm_eps",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "query_pre_attn_scalar",
    "attention_multiplier",
    "residual_multiplier",
    "embedding_multiplier",
    "logits_scaling",
    "partial_rotary_factor",
    "attn_output_gate",
}


@rule(since="0.1.0", severity="warning", echoes=("C115",))
def check(setting_changes: tuple[SettingChange, ...], comparison: Comparison) -> Findings:
    """Report each of them, as an error where the result of every layer depends on it."""
    for change in () if comparison.foreign else setting_changes:
        deep = change.path.rpartition(".")[2] in OF_THE_MATHS or "rope_parameters." in change.path
        yield Found(
            where=in_config(change.path),
            message=f"is {change.ours!r:.60} here, {change.base!r:.60} in the base",
            fix="take the setting from the base's config.json",
            severity="error" if deep else None,
        )
