"""The quantization config: what people write by hand, and what tools write wrongly."""

from collections.abc import Callable

from tests.mutate import Draft
from tests.mutations.config import setting, unset, without
from tests.mutations.fault import Fault

ROOT = "quantization_config"
GROUPS, IGNORE, GROUP = f"{ROOT}.config_groups", f"{ROOT}.ignore", f"{ROOT}.config_groups.group_0"
NVFP4, FP8, STATIC = ("llama-nvfp4",), ("llama-fp8-dynamic",), ("llama-fp8-static",)
ASYM, MIXED, EXPERTS = ("llama-w4a16-asym",), ("demo",), ("qwen3_moe-nvfp4",)
KV = ("qwen3-fp8-kv",)
PROJECTIONS = "model.layers.0.self_attn"


def not_ignoring(text: str) -> Callable[[Draft], Draft]:
    """Leave the entries of `ignore` out that hold a text."""
    return lambda draft: draft.config(
        IGNORE, [entry for entry in draft.read()[ROOT]["ignore"] if text not in entry]
    )


FAULTS = (
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
        "Q115",
        "floats with a zero point",
        setting(f"{GROUP}.weights.symmetric", False),
        GROUP,
        NVFP4,
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
    Fault(
        "T105",
        "FP8 named as tensors instead of channels",
        setting(f"{GROUP}.weights.strategy", "tensor"),
        "model.layers.0.mlp.down_proj",
        FP8,
    ),
    Fault(
        "T105",
        "eight bits named for four",
        setting(f"{GROUP}.weights.num_bits", 8),
        "model.layers.0.mlp.down_proj",
        ASYM,
    ),
    Fault(
        "T105",
        "groups of another size",
        setting(f"{GROUP}.weights.group_size", 64),
        "model.layers.0.mlp.down_proj",
        ASYM,
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
    ),
)
