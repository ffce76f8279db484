"""The quantization config: what people write by hand, and what tools write wrongly."""

import json
from collections.abc import Callable
from typing import Any

from tests.mutate import Draft
from tests.mutations.config import setting, unset, without
from tests.mutations.fault import Fault

ROOT = "quantization_config"
GROUPS, IGNORE, GROUP = f"{ROOT}.config_groups", f"{ROOT}.ignore", f"{ROOT}.config_groups.group_0"
NVFP4, FP8, STATIC = ("llama-nvfp4",), ("llama-fp8-dynamic",), ("llama-fp8-static",)
ASYM, MIXED, EXPERTS = ("llama-w4a16-asym",), ("demo",), ("qwen3_moe-nvfp4",)
KV = ("qwen3-fp8-kv",)
RECIPE = "Q119"  # recipe.yaml still says what was done
PROJECTIONS = "model.layers.0.self_attn"


def ignoring(*entries: str) -> Callable[[Draft], Draft]:
    """Add entries to `ignore`."""
    return lambda draft: draft.config(IGNORE, [*draft.read()[ROOT]["ignore"], *entries])


def not_ignoring(text: str) -> Callable[[Draft], Draft]:
    """Leave the entries of `ignore` out that hold a text."""
    return lambda draft: draft.config(
        IGNORE, [entry for entry in draft.read()[ROOT]["ignore"] if text not in entry]
    )


def respelt(old: str, new: str) -> Callable[[Draft], Draft]:
    """Replace a text in all targets."""

    def change(draft: Draft) -> Draft:
        groups = json.dumps(draft.read()[ROOT]["config_groups"])
        assert old in groups
        return draft.config(GROUPS, json.loads(groups.replace(old, new)))

    return change


def second_group(target: str, **weights: Any) -> Callable[[Draft], Draft]:
    """Add a group like the first, with another target and other weights."""

    def change(draft: Draft) -> Draft:
        groups = draft.read()[ROOT]["config_groups"]
        other = json.loads(json.dumps(groups["group_0"]))
        other["targets"] = [target]
        other["weights"].update(weights)
        return draft.config(GROUPS, {**groups, "group_1": other})

    return change


def both_patterns(draft: Draft) -> Draft:
    """Let patterns of two groups with different arguments claim the same modules."""
    groups = draft.read()[ROOT]["config_groups"]
    narrow = json.loads(json.dumps(groups["group_0"]))
    narrow["targets"] = [r"re:.*\.o_proj$"]
    narrow["weights"]["strategy"] = "tensor"
    groups["group_0"]["targets"] = ["re:.*_proj$"]
    return draft.config(GROUPS, {"group_0": groups["group_0"], "group_1": narrow})


FAULTS = (
    Fault(
        "Q101",
        "a letter wrong in a target",
        respelt("down_proj", "down_porj"),
        f"{GROUP}.targets",
        MIXED,
        ("T104",),
    ),
    Fault(
        "Q108",
        "a pattern without its re:",
        respelt("re:.*self_attn", ".*self_attn"),
        f"{GROUP}.targets.3",
        MIXED,
        ("T104",),
    ),
    Fault(
        "Q101",
        "a class that no module has",
        respelt('"Linear"', '"Linera"'),
        f"{GROUP}.targets",
        NVFP4,
        ("Q109", "T104"),
    ),
    Fault(
        "Q102",
        "patterns of two groups",
        both_patterns,
        f"{PROJECTIONS}.o_proj",
        FP8,
        ("T105", RECIPE),
    ),
    Fault(
        "Q103",
        "a letter wrong in ignore",
        ignoring("model.layers.0.mlp.gate_porj"),
        f"{IGNORE}.1",
        NVFP4,
    ),
    Fault(
        "Q103",
        "names of another prefix",
        ignoring("visual.blocks.0.attn.qkv"),
        f"{IGNORE}.1",
        NVFP4,
    ),
    Fault(
        "Q104",
        "ignored and yet quantized",
        ignoring("re:.*down_proj$"),
        "model.layers.0.mlp.down_proj",
        NVFP4,
    ),
    Fault(
        "Q104",
        "a layer ignored by a pattern that is too wide",
        ignoring("re:.*layers.1.*"),
        "model.layers.1.mlp.down_proj",
        FP8,
    ),
    Fault(
        "Q105",
        "one of three fused projections ignored",
        ignoring(f"{PROJECTIONS}.k_proj"),
        f"{PROJECTIONS}.q_proj",
        NVFP4,
        ("Q104",),
    ),
    Fault(
        "Q106",
        "a format of another scheme",
        setting(f"{GROUP}.format", "pack-quantized"),
        f"{GROUP}.format",
        NVFP4,
        ("T101", "T105"),
    ),
    Fault(
        "Q106",
        "a top-level format of another scheme",
        setting(f"{ROOT}.format", "float-quantized"),
        f"{ROOT}.format",
        NVFP4,
    ),
    Fault(
        "Q107",
        "an argument that nobody knows",
        setting(f"{GROUP}.weights.bits", 4),
        f"{GROUP}.weights.bits",
        NVFP4,
    ),
    Fault(
        "Q107",
        "a group of no columns",
        setting(f"{GROUP}.weights.group_size", 0),
        f"{GROUP}.weights.group_size",
        NVFP4,
    ),
    Fault(
        "Q107",
        "floats of five bits",
        setting(f"{GROUP}.weights.num_bits", 5),
        f"{GROUP}.weights.num_bits",
        FP8,
    ),
    Fault(
        "Q107",
        "an unknown strategy",
        setting(f"{GROUP}.weights.strategy", "row"),
        f"{GROUP}.weights.strategy",
        FP8,
    ),
    Fault(
        "Q107",
        "tokens that are not dynamic",
        setting(f"{GROUP}.input_activations.dynamic", False),
        f"{GROUP}.input_activations.dynamic",
        FP8,
    ),
    Fault(
        "T101",
        "floats with a zero point",
        setting(f"{GROUP}.weights.symmetric", False),
        "model.layers.0.mlp.down_proj",
        NVFP4,
        (RECIPE, "Q115"),
    ),
    Fault(
        "Q107",
        "targets that are no list",
        setting(f"{GROUP}.targets", "Linear"),
        f"{GROUP}.targets",
        NVFP4,
        ("T104",),
    ),
    Fault(
        "Q117",
        "an activation order",
        setting(f"{GROUP}.weights.actorder", "group"),
        f"{GROUP}.weights.actorder",
        ASYM,
    ),
    Fault(
        "Q107",
        "a block without its size",
        setting(f"{GROUP}.weights.block_structure", None),
        f"{GROUP}.weights.block_structure",
        ("llama-fp8-block",),
    ),
    Fault("Q108", "a pattern that does not compile", ignoring("re:*mlp*"), f"{IGNORE}.1", NVFP4),
    Fault(
        "Q108", "a pattern that explodes", ignoring("re:(.*)*(.*)*(.*)*x$"), f"{IGNORE}.1", NVFP4
    ),
    Fault(
        "Q109",
        "a class of another framework",
        respelt('"Linear"', '"Linear", "LayerNorm"'),
        f"{GROUP}.targets.1",
        NVFP4,
        ("Q101",),
    ),
    Fault(
        "Q110",
        "a pattern from the start of the stored name",
        respelt(
            "re:.*self_attn\\\\.o_proj$", "re:^model\\\\.language_model\\\\..*self_attn\\\\.o_proj$"
        ),
        "model.language_model.layers.3.self_attn.o_proj",
        MIXED,
    ),
    Fault(
        "Q111",
        "a method that nobody knows",
        setting(f"{ROOT}.quant_method", "compresed-tensors"),
        f"{ROOT}.quant_method",
        NVFP4,
    ),
    Fault("Q112", "no declaration", unset(ROOT), ROOT, (*NVFP4, *FP8)),
    Fault(
        "Q113",
        "a status of an unfinished run",
        setting(f"{ROOT}.quantization_status", "frozen"),
        f"{ROOT}.quantization_status",
        NVFP4,
    ),
    Fault(
        "Q114",
        "a scale of the cache is lost",
        without("layers.0.self_attn.k_scale"),
        PROJECTIONS,
        KV,
    ),
    Fault(
        "Q114",
        "scales that nothing declares",
        setting(f"{ROOT}.kv_cache_scheme", None),
        f"{ROOT}.kv_cache_scheme",
        KV,
        ("Q119",),
    ),
    Fault(
        "Q114",
        "a cache that nothing was calibrated for",
        setting(
            f"{ROOT}.kv_cache_scheme",
            {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": False},
        ),
        f"{ROOT}.kv_cache_scheme",
        FP8,
        (RECIPE,),
    ),
    Fault(
        "Q117",
        "sparsity of an old version",
        setting(f"{ROOT}.sparsity_config", {"format": "sparse-24-bitmask", "targets": ["Linear"]}),
        f"{ROOT}.sparsity_config",
        FP8,
    ),
    Fault(
        "Q119",
        "a recipe of another run",
        lambda d: d.write(
            "recipe.yaml", (d.path / "recipe.yaml").read_text().replace("NVFP4", "FP8_DYNAMIC")
        ),
        "recipe.yaml",
        NVFP4,
    ),
    Fault(
        "T103",
        "the head claimed and stored plain",
        not_ignoring("lm_head"),
        "lm_head",
        NVFP4,
        ("T114",),
    ),
    Fault("Q110", "routers claimed", not_ignoring("mlp.gate"), "model.layers.0.mlp.gate", EXPERTS),
    Fault(
        "T105",
        "FP8 named as tensors instead of channels",
        setting(f"{GROUP}.weights.strategy", "tensor"),
        "model.layers.0.mlp.down_proj",
        FP8,
        (RECIPE,),
    ),
    Fault(
        "T105",
        "eight bits named for four",
        setting(f"{GROUP}.weights.num_bits", 8),
        "model.layers.0.mlp.down_proj",
        ASYM,
        (RECIPE,),
    ),
    Fault(
        "T105",
        "groups of another size",
        setting(f"{GROUP}.weights.group_size", 64),
        "model.layers.0.mlp.down_proj",
        ASYM,
        (RECIPE,),
    ),
    Fault(
        "T101",
        "static activations named, none stored",
        setting(
            f"{GROUP}.input_activations",
            {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": False},
        ),
        "model.layers.0.mlp.down_proj",
        FP8,
        (RECIPE,),
    ),
    Fault(
        "T102",
        "dynamic activations named, scales stored",
        setting(
            f"{GROUP}.input_activations",
            {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": True},
        ),
        "model.layers.0.mlp.down_proj.input_scale",
        STATIC,
        (RECIPE,),
    ),
    Fault(
        "Q102",
        "a second group with the same target",
        second_group("Linear", strategy="tensor"),
        f"{GROUPS}.group_1.targets.0",
        FP8,
        ("T105", RECIPE),
    ),
)
