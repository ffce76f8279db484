"""The model class of config.json is not the one whose tensors are stored.

What it checks: the layers stand under the prefix of the class (`model.layers`, or
    `model.language_model.layers` in multimodal classes), under one prefix only; a multimodal
    class has its vision_config; model_type and architecture belong together; a classifier has its
    own head, and what has a head for text is not declared as a class without one.
Why it matters: tensors under another prefix are not found, and the model starts with random
    weights or with an error that names a thousand keys. vLLM serves a class without lm_head for
    embeddings or scores, never for text.
How to fix: take config.json from the model whose layout the tensors have, or save again with the
    class that config.json names.
Seen in: AEON-7 v1 and the surogate conversions, text-only configs over multimodal tensors.
"""

from release.architecture import Architecture, ModelConfig
from release.facts.absences import Absences
from release.facts.components import HEAD
from release.facts.modules import Modules
from release.facts.named_class import NamedClass
from release.rules import Findings, Found, Where, in_config, rule

STACKS = ("model.layers", "model.language_model.layers", "language_model.model.layers", "layers")
MULTIMODAL = "ForConditionalGeneration"
CLASSIFIER, CLASSIFIER_HEADS = "Classification", {"score", "classifier", "classification_head"}
BARE, HEADED = "Model", "LMHeadModel"
MAPPED = "qwen3_5"  # transformers and vLLM strip `language_model` for its text-only class


@rule(since="0.1.0")
def check(
    config: ModelConfig,
    architecture: Architecture,
    absences: Absences,
    modules: Modules,
    named_class: NamedClass,
) -> Findings:
    """Judge prefixes first, then what the config says of its own class."""
    name, stack = config.architecture, absences.stack
    base_class = name.endswith("Model") and stack == "layers"
    mapped = architecture.family.startswith(MAPPED) and architecture.stack == "model.layers"
    if absences.elsewhere and stack and not base_class and not mapped:
        yield Found(
            where=in_config("architectures"),
            message=f"{name or config.model_type} has its layers under {architecture.stack}, "
            f"the tensors have them under {stack}",
            fix="use the config.json that belongs to these tensors",
        )
    yield from _mixed(modules)
    yield from _headless(name, modules)
    if name.endswith(MULTIMODAL) and config.vision is None and "audio_config" not in config.raw:
        yield Found(
            where=in_config("vision_config"),
            message=f"{name} is a multimodal class, but there is no vision_config",
            fix="restore vision_config, or name the text-only class",
        )
    elif named_class.types:
        yield _other_class(config, named_class, absences)


def _other_class(config: ModelConfig, named: NamedClass, absences: Absences) -> Found:
    name, belongs = config.architecture, " or ".join(named.types)
    what = f"model_type {config.model_type!r} does not belong to {name}, which has {belongs}"
    if named.lacking:
        what += f"; the class needs {named.lacking}, which is not stored"
    elif named.surplus:
        what += f"; the class has no {named.surplus}, which is stored"
    elif absences.incomplete:
        what += f"; {config.model_type} has {absences.incomplete[0]}, which is not stored"
    breaks = named.lacking or named.surplus or absences.incomplete
    fix = "set both as the base model's config.json does"
    return Found(in_config("model_type"), what, fix, None if breaks else "warning")


def _headless(name: str, modules: Modules) -> Findings:
    head = next((module.name for module in modules if module.component == HEAD), None)
    own = any(module.rpartition(".")[-1] in CLASSIFIER_HEADS for module in modules.items)
    beside = f"; {head} is" if head else ""
    fix = "name the class that the tensors were saved from"
    if name.endswith(CLASSIFIER) and not own:
        what = f"{name} has a head for classes, which is not stored{beside}"
        yield Found(in_config("architectures"), what, fix)
    elif name.endswith(BARE) and not name.endswith(HEADED) and head:
        what = f"{name} has no head, and {head} is stored: vLLM serves no text from it"
        yield Found(in_config("architectures"), what, fix, "warning")


def _mixed(modules: Modules) -> Findings:
    layers = {
        stack: next((m for m in modules.items if m.startswith(f"{stack}.")), None)
        for stack in STACKS
    }
    found = {stack: module for stack, module in layers.items() if module}
    for stack, module in list(found.items())[1:]:
        yield Found(
            where=Where(module=module),
            message=f"layers are stored under {stack} and under {next(iter(found))}",
            fix="save the model again; a reader loads one of the two",
        )
