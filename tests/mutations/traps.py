"""What looks like a fault and is none: checkpoints that are right, on which no rule may speak.

The numbers are those of our list of 37 traps. Most are built into the good checkpoints; those that
are not are changes here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from release.quantization.decoding.floats import to_float32
from tests.mutate import INDEX, Draft
from tests.mutations.config import setting
from tests.mutations.quantization import GROUP, ROOT
from tests.mutations.resolution import ignoring

SETTINGS, TEMPLATE = "tokenizer_config.json", "chat_template.jinja"
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
)


@dataclass(frozen=True)
class Trap:
    """A change that breaks nothing, and the good checkpoints that it is made to."""

    number: int
    name: str
    change: Callable[[Draft], object]
    on: tuple[str, ...]


def wider(*ends: str) -> Callable[[Draft], Draft]:
    """Store tensors of BF16 as F32, with the same values."""

    def change(draft: Draft) -> Draft:
        for name in [name for name in draft.tensors() if name.endswith(ends)]:
            values = to_float32(draft.bytes_of(name), "BF16").astype("<f4").tobytes()
            draft.retype(name, "F32", draft.shape(name)).patch(name, values)
        return without_metadata(draft) if (draft.path / INDEX).exists() else draft

    return change


def zeroed(*ends: str) -> Callable[[Draft], Draft]:
    """Set whole tensors to zero."""

    def change(draft: Draft) -> Draft:
        for name in [name for name in draft.tensors() if name.endswith(ends)]:
            draft.change(name, lambda raw: bytes(len(raw)))
        return draft

    return change


def unused_rows(draft: Draft) -> Draft:
    """The rows of the embedding that no token has: all of one value."""
    name = "model.embed_tokens.weight"
    _, columns = draft.shape(name)
    one = np.full(columns, 0x3C00, "<u2").tobytes()
    raw = draft.bytes_of(name)
    return draft.patch(name, one * 5, at=len(raw) - 5 * len(one))


def without_metadata(draft: Draft) -> Draft:
    """An index as other tools write it."""
    return draft.unset(INDEX, "metadata")


def sizes_of_files(draft: Draft) -> Draft:
    """A total_size that counts headers too."""
    total = sum((draft.path / shard).stat().st_size for shard in draft.shards())
    return draft.edit(INDEX, "metadata.total_size", total)


def overlapping(draft: Draft) -> Draft:
    """A class and a pattern that claim the same modules with the same arguments."""
    groups = draft.read()[ROOT]["config_groups"]
    other = groups["group_0"] | {"targets": [r"re:.*down_proj$"]}
    return draft.config(f"{ROOT}.config_groups", groups | {"group_1": other})


def no_system(draft: Draft) -> Draft:
    """A template that refuses system messages, as Gemma's does."""
    return draft.write(TEMPLATE, NO_SYSTEM + (draft.path / TEMPLATE).read_text())


LLAMA, FP8, SHARDED, HYBRID = "llama-nvfp4", "llama-fp8-dynamic", "qwen3_5-mixed-sharded", "demo"
TRAPS = (
    Trap(2, "an entry for MTP that is not there", ignoring("re:^mtp.*"), (SHARDED, LLAMA)),
    Trap(7, "a class and a pattern", overlapping, (FP8,)),
    Trap(8, "arguments that are null", setting(f"{GROUP}.weights.zp_dtype", None), (LLAMA, FP8)),
    Trap(8, "an observer's settings", setting(f"{GROUP}.weights.observer_kwargs", {}), (LLAMA,)),
    Trap(10, "a build of a developer", setting(f"{ROOT}.version", "0.16.1.dev3+g1a2b"), (LLAMA,)),
    Trap(13, "norms of one plus nothing", zeroed("input_layernorm.weight"), (HYBRID,)),
    Trap(14, "a state's decay in F32", wider("A_log", "dt_bias"), (HYBRID,)),
    Trap(22, "scales in F32", wider("weight_scale"), (FP8, "qwen3_moe-fp8", "llama-w4a16")),
    Trap(29, "rows of no token", unused_rows, (LLAMA,)),
    Trap(30, "no length at all", lambda d: d.edit(SETTINGS, "model_max_length", 1e30), (LLAMA,)),
    Trap(31, "an index without metadata", without_metadata, (HYBRID, "qwen3_moe-fp8")),
    Trap(31, "sizes of whole files", sizes_of_files, (HYBRID, "qwen3_moe-fp8")),
    Trap(34, "the dtype in two words", setting("torch_dtype", "bfloat16"), (LLAMA, FP8)),
    Trap(34, "tying at two levels", setting("tie_word_embeddings", False), (HYBRID,)),
    Trap(35, "no system message", no_system, (LLAMA,)),
)
# Traps that good checkpoints have in them, by the name of one of them; "test" where a test of the
# rule itself has it.
BUILT_IN: dict[int, str] = {
    1: "qwen3-nvfp4-tied",
    3: "glm4_moe-fp8-block",
    4: "demo",
    5: "qwen3-kv-only",
    6: "demo",
    9: "llama-fp8-weights",
    11: "qwen3_5-mixed-sharded",
    12: "qwen3-fp8-kv",
    15: "demo",
    16: "qwen2-bias-int8",
    17: "test: V109",
    18: "test: V103",
    19: "test: V118",
    20: "test: V116",
    21: "test: V108",
    23: "llama-w8a8-static-asym",
    24: "glm4_moe-fp8-block",
    25: "test: T116",
    26: "phi3-nvfp4",
    27: "demo",
    28: "llama-nvfp4",
    32: "test: F111",
    33: "test: F117",
    36: "test: B106",
    37: "test: B102",
}
