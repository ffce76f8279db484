"""What edits by hand leave in the declaration of the quantization: one change, one finding.

Such as people report them to vLLM, transformers, llm-compressor and compressed-tensors.
"""

from collections.abc import Callable
from typing import Any

from tests.mutate import Draft
from tests.mutations.config import GEMMA, setting, unset
from tests.mutations.edits import FIRST, MOE
from tests.mutations.fault import several
from tests.mutations.quantization import ASYM, FP8, GROUP, IGNORE, KV, MIXED, NVFP4, ROOT, STATIC

INT8 = ("llama-w8a8-int8",)
FP8_ARGUMENTS = {"num_bits": 8, "type": "float", "strategy": "tensor"}
TABLE = {
    "targets": ["re:.*embed_tokens"],
    "weights": {"num_bits": 8, "type": "int", "strategy": "channel"},
    "format": "int-quantized",
}
TRANSFORM: dict[str, Any] = {"config_groups": {"R1": {}}}


def quant(path: str, value: Any) -> Callable[[Draft], Draft]:
    """Set a value of the declaration."""
    return setting(f"{ROOT}.{path}", value)


def weights(key: str, value: Any) -> Callable[[Draft], Draft]:
    """Set an argument of the first group's weights."""
    return setting(f"{GROUP}.weights.{key}", value)


def inputs(key: str, value: Any) -> Callable[[Draft], Draft]:
    """Set an argument of the first group's activations."""
    return setting(f"{GROUP}.input_activations.{key}", value)


def ignored_as(change: Callable[[str], str]) -> Callable[[Draft], Draft]:
    """Spell the entries of `ignore` otherwise."""
    return lambda draft: draft.config(IGNORE, [change(e) for e in draft.read()[ROOT]["ignore"]])


def also(*entries: str, into: str = IGNORE) -> Callable[[Draft], Draft]:
    """Add entries to a list of the declaration."""

    def change(draft: Draft) -> Draft:
        declared = draft.read()[ROOT]
        old = declared["ignore"] if into == IGNORE else declared["config_groups"]["group_0"]
        return draft.config(into, [*(old if into == IGNORE else old["targets"]), *entries])

    return change


def nested(draft: Draft) -> Draft:
    """Let the declaration stand where only vLLM looks."""
    return draft.config(f"text_config.{ROOT}", draft.read()[ROOT]).unset("config.json", ROOT)


def groups_as_list(draft: Draft) -> Draft:
    """Write the groups as a list, as other formats have them."""
    return draft.config(f"{ROOT}.config_groups", [*draft.read()[ROOT]["config_groups"].values()])


DECLARED = (
    *several(
        "Q111",
        NVFP4,
        ("a declaration in quotes", setting(ROOT, "{}"), ROOT),
        ("a list of declarations", setting(ROOT, [{"quant_method": "compressed-tensors"}]), ROOT),
        ("no method", unset(f"{ROOT}.quant_method"), f"{ROOT}.quant_method"),
        (
            "a method with another stroke",
            quant("quant_method", "compressed_tensors"),
            f"{ROOT}.quant_method",
        ),
        ("a method of a name", quant("quant_method", "nvfp4"), f"{ROOT}.quant_method"),
    ),
    *several("Q112", KV, ("an empty declaration", setting(ROOT, {}), ROOT)),
    *several(
        "Q113",
        FP8,
        ("no status", unset(f"{ROOT}.quantization_status"), f"{ROOT}.quantization_status"),
    ),
    *several("Q117", MIXED, ("a declaration within", nested, f"text_config.{ROOT}")),
    *several(
        "C122",
        MIXED,
        (
            "two declarations",
            setting(f"text_config.{ROOT}", {"quant_method": "fp8"}),
            f"text_config.{ROOT}",
        ),
    ),
    *several(
        "Q107",
        NVFP4,
        (
            "a status in capitals",
            quant("quantization_status", "COMPRESSED"),
            f"{ROOT}.quantization_status",
        ),
        ("a format of nothing", quant("format", None), f"{ROOT}.format"),
        ("a format in numbers", quant("format", 4), f"{ROOT}.format"),
        ("groups in a list", groups_as_list, f"{ROOT}.config_groups"),
        ("no groups", unset(f"{ROOT}.config_groups"), f"{ROOT}.config_groups"),
        ("a group of nothing", setting(GROUP, None), GROUP),
        (
            "a group's format for all",
            setting(f"{GROUP}.format", "mixed-precision"),
            f"{GROUP}.format",
        ),
        (
            "a format with other strokes",
            setting(f"{GROUP}.format", "nvfp4_pack_quantized"),
            f"{GROUP}.format",
        ),
        (
            "a dtype of another spelling",
            weights("scale_dtype", "torch.float8_e4m3"),
            f"{GROUP}.weights.scale_dtype",
        ),
        ("a type of two letters", weights("type", "fp"), f"{GROUP}.weights.type"),
        ("a size in quotes", weights("group_size", "16"), f"{GROUP}.weights.group_size"),
        ("a cache in a word", quant("kv_cache_scheme", "fp8"), f"{ROOT}.kv_cache_scheme"),
        (
            "half a transform",
            quant("transform_config", TRANSFORM),
            f"{ROOT}.transform_config.config_groups.R1.type",
        ),
        ("half a block", weights("block_structure", [128]), f"{GROUP}.weights.block_structure"),
        ("activations of 16 bits", inputs("num_bits", 16), f"{GROUP}.input_activations.num_bits"),
    ),
    *several("Q107", (*NVFP4, *MOE), ("a name to ignore", quant("ignore", "lm_head"), IGNORE)),
    *several(
        "Q106",
        NVFP4,
        ("no format above", unset(f"{ROOT}.format"), f"{ROOT}.format"),
        ("a dense format", quant("format", "dense"), f"{ROOT}.format"),
        ("a longer format", quant("format", "nvfp4-pack-quantised"), f"{ROOT}.format"),
    ),
    *several(
        "Q106", MIXED, ("a group without a format", unset(f"{GROUP}.format"), f"{GROUP}.format")
    ),
    *several("Q106", ASYM, ("floats of four bits a group", weights("type", "float"), GROUP)),
)
CLAIMS = (
    *several(
        "T104",
        NVFP4,
        ("no group at all", quant("config_groups", {}), FIRST),
        ("a group without weights", setting(f"{GROUP}.weights", None), FIRST),
    ),
    *several(
        "Q104",
        NVFP4,
        ("a class ignored", also("Linear"), FIRST),
        ("all ignored", also("re:.*"), FIRST),
    ),
    *several("Q108", NVFP4, ("a star of the shell", also("model.layers.0*"), f"{IGNORE}.1")),
    *several(
        "Q110",
        NVFP4,
        (
            "vLLM's own name ignored",
            also("model.layers.0.mlp.gate_up_proj"),
            "model.layers.0.mlp.gate_proj",
        ),
    ),
    *several(
        "T103",
        NVFP4,
        ("nothing ignored", quant("ignore", None), "lm_head"),
        ("the head in capitals", ignored_as(str.upper), "lm_head"),
        ("tables claimed", also("Embedding", into=f"{GROUP}.targets"), "model.embed_tokens"),
    ),
    *several(
        "T103",
        GEMMA,
        (
            "a tower under the names of tensors",
            ignored_as(lambda e: f"{e}.weight"),
            "vision_tower.encoder.layers.0.mlp.fc1",
        ),
    ),
    *several(
        "T103",
        GEMMA,
        (
            "a group for what is not quantized",
            setting(f"{ROOT}.config_groups.group_1", TABLE),
            "language_model.model.embed_tokens",
        ),
    ),
    *several(
        "Q101",
        NVFP4,
        (
            "a target for nothing",
            also("re:.*nothing$", into=f"{GROUP}.targets"),
            f"{GROUP}.targets",
        ),
    ),
)
ARGUMENTS = (
    *several("T101", NVFP4, ("static blocks of activations", inputs("dynamic", False), FIRST)),
    *several("T101", STATIC, ("activations around no zero", inputs("symmetric", False), FIRST)),
    *several(
        "T102",
        NVFP4,
        (
            "activations that are not quantized",
            setting(f"{GROUP}.input_activations", None),
            f"{FIRST}.input_global_scale",
        ),
    ),
    *several(
        "T101",
        FP8,
        ("outputs quantized", setting(f"{GROUP}.output_activations", FP8_ARGUMENTS), FIRST),
    ),
    *several("T105", NVFP4, ("one level of scales", unset(f"{GROUP}.weights.strategy"), FIRST)),
    *several(
        "T105",
        FP8,
        ("no granularity", unset(f"{GROUP}.weights.strategy"), FIRST),
        ("integers for floats", weights("type", "int"), FIRST),
    ),
    *several("T105", INT8, ("floats for integers", weights("type", "float"), FIRST)),
    *several("T105", ASYM, ("three bits for four", weights("num_bits", 3), FIRST)),
    *several("T105", STATIC, ("channels for a tensor", weights("strategy", "channel"), FIRST)),
    *several(
        "V118",
        INT8,
        ("codes of eight bits in three", weights("num_bits", 3), f"{FIRST}.weight"),
        ("codes of eight bits in four", weights("num_bits", 4), f"{FIRST}.weight"),
    ),
    *several("Q119", FP8, ("four bits of activations", inputs("num_bits", 4), "recipe.yaml")),
    *several(
        "Q115", NVFP4, ("activations that no kernel takes", inputs("symmetric", False), GROUP)
    ),
    *several(
        "Q115",
        KV,
        ("a cache of integers", quant("kv_cache_scheme.type", "int"), f"{ROOT}.kv_cache_scheme"),
        (
            "a cache by channel",
            quant("kv_cache_scheme.strategy", "channel"),
            f"{ROOT}.kv_cache_scheme",
        ),
    ),
)
FAULTS = (*DECLARED, *CLAIMS, *ARGUMENTS)
