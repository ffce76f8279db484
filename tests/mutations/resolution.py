"""Which module a target or an entry of `ignore` claims, in either engine's eyes."""

import json
from collections.abc import Callable
from typing import Any

from tests.mutate import Draft
from tests.mutations.fault import Fault
from tests.mutations.quantization import not_ignoring

ROOT = "quantization_config"
GROUPS, IGNORE, GROUP = f"{ROOT}.config_groups", f"{ROOT}.ignore", f"{ROOT}.config_groups.group_0"
NVFP4, FP8, STATIC = ("llama-nvfp4",), ("llama-fp8-dynamic",), ("llama-fp8-static",)
ASYM, MIXED, EXPERTS = ("llama-w4a16-asym",), ("demo",), ("qwen3_moe-nvfp4",)
KV = ("qwen3-fp8-kv",)
PROJECTIONS = "model.layers.0.self_attn"


def ignoring(*entries: str) -> Callable[[Draft], Draft]:
    """Add entries to `ignore`."""
    return lambda draft: draft.config(IGNORE, [*draft.read()[ROOT]["ignore"], *entries])


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
    ),
    Fault(
        "Q108",
        "a pattern without its re:",
        respelt("re:.*self_attn", ".*self_attn"),
        f"{GROUP}.targets.3",
        MIXED,
    ),
    Fault(
        "Q101",
        "a class that no module has",
        respelt('"Linear"', '"Linera"'),
        f"{GROUP}.targets",
        NVFP4,
    ),
    Fault(
        "Q102",
        "patterns of two groups",
        both_patterns,
        f"{PROJECTIONS}.o_proj",
        FP8,
        ("T105",),
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
    Fault("Q110", "routers claimed", not_ignoring("mlp.gate"), "model.layers.0.mlp.gate", EXPERTS),
    Fault(
        "Q102",
        "a second group with the same target",
        second_group("Linear", strategy="tensor"),
        f"{GROUPS}.group_1.targets.0",
        FP8,
    ),
)
