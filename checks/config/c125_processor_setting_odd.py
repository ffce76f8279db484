"""A processor's setting is none, or not the one that the vision tower was built for.

What it checks: the classes named are those of transformers or vLLM, and of this model where its
    code takes no other (Qwen-VL, Gemma 3 and 4, Mistral 3, Llama 4); sizes of patches and merges
    in preprocessor_config.json and processor_config.json are those of vision_config, and so are
    those that a class takes where they are missing, and Gemma's tokens of an image; means and
    deviations are finite numbers, one for each channel, and no deviation is zero; sizes are
    positive numbers.
Why it matters: images are cut into another number of patches than the tower expects, or every
    pixel becomes NaN.
How to fix: copy the processor's files from the base model.
Seen in: processors of one size of a model beside the weights of another.
"""

import sys
from collections.abc import Iterator
from typing import Any

from release.architecture import ModelConfig
from release.facts.documents import PREPROCESSOR, PROCESSOR, VIDEO, Documents
from release.facts.known import READERS, Known
from release.rules import Findings, Found, Where, rule

FIX = "copy the processor's files from the base model"
# A processor's key -> what vision_config, or config.json itself, may call it.
SHARED = {
    "patch_size": ("patch_size",),
    "temporal_patch_size": ("temporal_patch_size",),
    "merge_size": ("spatial_merge_size", "merge_size"),
    "spatial_merge_size": ("spatial_merge_size", "merge_size"),
    "image_seq_length": ("mm_tokens_per_image",),
}
# What a class of processor_config.json takes for a key that is not there: transformers,
# processing_pixtral.
TAKEN = {"PixtralProcessor": {"patch_size": 16, "spatial_merge_size": 1}}
CLASSES = ("processor_class", "image_processor_type", "video_processor_type")
# model_type -> how the names of its processors begin. Others, as LLaVA, take those of any tower.
OWN = {
    **dict.fromkeys(("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe"), ("Qwen",)),
    **dict.fromkeys(("qwen3_5", "qwen3_5_moe"), ("Qwen",)),
    "gemma3": ("Gemma3",),
    "gemma4": ("Gemma4",),
    "mistral3": ("Pixtral", "Mistral"),
    "llama4": ("Llama4",),
}
CHANNELS = ("image_mean", "image_std")
PARTS = ("image_processor", "video_processor")


@rule(since="0.1.0")
def check(config: ModelConfig, documents: Documents, known: Known) -> Findings:
    """Judge each file, and the processors that a newer file holds within."""
    vision = config.raw.get("vision_config")
    tower = vision if isinstance(vision, dict) else {}
    for where, settings in _processors(documents):
        yield from _classes(where, settings, known, config.model_type)
        yield from _shared(where, settings, config.raw | tower)
        for key in CHANNELS:
            if settings.get(key) is not None and not _channels(key, settings[key], tower):
                yield _found(where, key, f"{settings[key]!r:.60} is not a number for each channel")
        size = settings.get("size")
        for key, value in size.items() if isinstance(size, dict) else ():
            if value is not None and not (type(value) is int and value > 0):
                yield _found(where, f"size.{key:.40}", f"{value!r:.40} is not a number of pixels")


def _processors(documents: Documents) -> Iterator[tuple[Where, dict[str, Any]]]:
    for file in (PREPROCESSOR, PROCESSOR, VIDEO):
        settings = documents.values.get(file, {})
        yield Where(file=file), settings
        for part in PARTS:
            if isinstance(settings.get(part), dict):
                yield Where(file=file, path=part), settings[part]


def _classes(where: Where, settings: dict[str, Any], known: Known, model_type: str) -> Findings:
    for key in CLASSES if "auto_map" not in settings else ():
        name = settings.get(key)
        if name is None:
            continue
        plain = name.removesuffix("Fast").removesuffix("Pil") if isinstance(name, str) else None
        if plain not in known.processors:
            yield _found(where, key, f"{name!r:.60} is not known to {READERS}", "warning")
        elif plain and not plain.startswith(OWN.get(model_type, "")):
            what = f"{name!r:.60} cuts images for another model than {model_type}"
            yield _found(where, key, what, "warning")


def _shared(where: Where, settings: dict[str, Any], config: dict[str, Any]) -> Findings:
    kind = settings.get("processor_class") if where.file == PROCESSOR else None
    taken = TAKEN.get(kind, {}) if isinstance(kind, str) else {}
    for key, names in SHARED.items():
        ours = settings.get(key, taken.get(key))
        theirs = next((config[name] for name in names if name in config), None)
        if type(ours) is int and type(theirs) is int and ours != theirs:
            is_ours = f"it is {ours}" if key in settings else f"it is missing, which means {ours}"
            yield _found(where, key, f"{is_ours}, and config.json has {theirs}")


def _channels(key: str, value: Any, tower: dict[str, Any]) -> bool:
    numbers = value if isinstance(value, list) else [value]
    channels = next((tower[name] for name in ("in_channels", "num_channels") if name in tower), 3)
    return len(numbers) in (1, channels) and all(
        type(number) in {int, float}
        and abs(number) <= sys.float_info.max
        and not (key == "image_std" and number == 0)
        for number in numbers
    )


def _found(where: Where, key: str, message: str, severity: str | None = None) -> Found:
    path = f"{where.path}.{key}" if where.path else key
    return Found(Where(file=where.file, path=path), message, FIX, severity)
