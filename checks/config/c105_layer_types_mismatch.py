"""A layer's kind in config.json is not the kind that is stored.

What it checks: `layer_types` (or `hybrid_override_pattern`) has one entry for each hidden layer;
    a layer declared as linear attention stores `linear_attn`, one declared as full or sliding
    attention stores `self_attn`.
Why it matters: transformers refuses a list of the wrong length; a layer of the wrong kind gets
    random weights and a cache of the wrong size.
How to fix: restore layer_types from the base model's config.json.
Seen in: configs of pruned hybrid models, where layers were cut and the list was not.
"""

from release.architecture import ModelConfig
from release.facts.absences import Absences
from release.rules import Findings, Found, Where, in_config, rule
from release.unknown import Unknown

PATTERN_LETTERS = "M*-E"
# What transformers 5.17 takes, older names too.
TYPES = {
    *("full_attention", "sliding_attention", "chunked_attention", "window_attention", "conv"),
    *("compressed_sparse_attention", "heavily_compressed_attention", "minimax_m3_sparse"),
    *("deepseek_sparse_attention", "qwen_sparse_attention", "linear_attention", "hybrid", "moe"),
    *("hybrid_sliding", "sparse", "dense", "mamba", "attention"),
}


@rule(since="0.1.0")
def check(config: ModelConfig, absences: Absences | Unknown) -> Findings:
    """Judge the list's length, then every layer that has another mixer."""
    layers = config.get("num_hidden_layers")
    if type(layers) is int:
        yield from _lengths(config, layers)
    types = config.get("layer_types")
    strange = next((t for t in types if t not in TYPES), None) if isinstance(types, list) else None
    if strange is not None and "auto_map" not in config.raw:
        yield Found(
            where=in_config(f"{config.text_path}layer_types.{types.index(strange)}"),
            message=f"{strange!r:.60} is no type of layer that transformers has",
            fix="restore layer_types from the base model's config.json",
        )
    if isinstance(absences, Unknown):
        return
    seen = dict.fromkeys(_mixer(name) for name in absences.mixers)
    for mixer in seen:
        yield Found(
            where=Where(module=mixer),
            message=f"the config's layer_types imply {mixer.rpartition('.')[2]}, "
            "the layer stores another kind of attention",
            fix="restore layer_types from the base model's config.json",
        )


def _lengths(config: ModelConfig, layers: int) -> Findings:
    types = config.get("layer_types")
    extra = config.get("num_nextn_predict_layers")
    most = layers + (extra if type(extra) is int else 0)
    if isinstance(types, list) and not layers <= len(types) <= most:
        yield Found(
            where=in_config(f"{config.text_path}layer_types"),
            message=f"layer_types has {len(types)} entries, num_hidden_layers is {layers}",
            fix="give one type for each layer",
        )
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        letters = sum(letter in PATTERN_LETTERS for letter in pattern)
        if letters != layers:
            yield Found(
                where=in_config(f"{config.text_path}hybrid_override_pattern"),
                message=f"the pattern names {letters} layers, num_hidden_layers is {layers}",
                fix="give one letter for each layer",
            )


def _mixer(name: str) -> str:
    """`model.layers.3.self_attn` of `model.layers.3.self_attn.q_proj`."""
    parts = name.split(".")
    index = next(position for position, part in enumerate(parts) if part.isdigit())
    return ".".join(parts[: index + 2])
