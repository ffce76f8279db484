"""The vision or audio tower is declared and absent, or stored and not declared.

What it checks: a multimodal class with vision_config stores its tower, with as many blocks as
    `depth` says; a tower that is stored has a config; the layers whose output is taken are among
    its layers. Text-only classes need no tower.
Why it matters: an engine that loads the class builds the tower, with random weights, and images
    are answered with nonsense.
How to fix: export the tower, which stays unquantized, or name the text-only class and remove
    vision_config.
Seen in: text-only exports of multimodal models that kept the class of the base.
"""

from collections.abc import Mapping
from typing import Any

from release.architecture import Architecture, ModelConfig
from release.facts.absences import TOWERS, Absences
from release.facts.components import VISION, component_of
from release.facts.modules import Module, Modules
from release.rules import Findings, Found, Where, in_config, rule

DEPTHS = ("depth", "num_hidden_layers")
MULTIMODAL = "ForConditionalGeneration"
TEXT_ONLY = ("ForCausalLM", "TextModel")


@rule(since="0.1.0")
def check(
    config: ModelConfig, architecture: Architecture, absences: Absences, modules: Modules
) -> Findings:
    """One finding for a whole tower, else one for each block."""
    stored = [module for module in modules if module.component in TOWERS]
    if not architecture.vision:
        multimodal = config.architecture.endswith(MULTIMODAL)  # C103 names the config
        if stored and not multimodal and "audio_config" not in config.raw:
            yield _undeclared(stored[0])
        return
    if config.architecture.endswith(TEXT_ONLY) and not stored:
        return
    yield from _taken(config.raw, config.vision or {})
    if absences.vision and not any(module.component == VISION for module in stored):
        yield Found(
            where=in_config("vision_config"),
            message=f"{config.architecture} needs its tower, and none of its "
            f"{len(absences.vision)} modules is stored",
            fix="export the tower, or name the text-only class",
        )
        return
    for block in dict.fromkeys(_block(name) for name in absences.vision):
        yield Found(
            where=Where(module=block),
            message="vision_config implies it, and no tensor of it is stored",
            fix="export the tower again, or correct vision_config",
        )
    known = {_block(name) for name in architecture.modules if component_of(name) in TOWERS}
    lists = {block.rpartition(".")[0] for block in known if block.rpartition(".")[2].isdigit()}
    for block in dict.fromkeys(_block(module.name) for module in stored):
        parent, _, index = block.rpartition(".")
        if block not in known and index.isdigit() and parent in lists:
            yield Found(
                where=Where(module=block),
                message="it is stored, and vision_config implies no such block",
                fix="correct the depth in vision_config, or remove the block",
            )


def _taken(config: Mapping[str, Any], vision: Mapping[str, Any]) -> Findings:
    """Numbers of layers that are none: of blocks, or of states, which count from the end too.

    Source: transformers, Qwen3VLVisionModel.forward and get_image_features of LLaVA's kind.
    """
    depth = next((vision[key] for key in DEPTHS if type(vision.get(key)) is int), None)
    if depth is None:
        return
    blocks, states = "deepstack_visual_indexes", "vision_feature_layer"
    for path, value, lowest, last in (
        (f"vision_config.{blocks}", vision.get(blocks), 0, depth - 1),
        (states, config.get(states), -depth - 1, depth),
    ):
        for number in value if isinstance(value, list) else [value]:
            if type(number) is int and not lowest <= number <= last:
                what = f"{number} is no layer of a tower of {depth}"
                yield Found(in_config(path), what, "take it from the base model's config.json")


def _block(name: str) -> str:
    """`model.visual.blocks.3` of anything in it, else the module itself."""
    parts = name.split(".")
    end = next((i + 1 for i, part in enumerate(parts) if part.isdigit()), len(parts))
    return ".".join(parts[:end])


def _undeclared(module: Module) -> Found:
    return Found(
        where=Where(module=module.name),
        message="a tower is stored, and config.json has no vision_config",
        fix="restore vision_config and the multimodal class, or remove the tower",
        severity="warning",
    )
