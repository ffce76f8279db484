"""No reader knows the architecture that config.json names.

What it checks: the first of `architectures` is a class of transformers or vLLM (the versions of
    this release), and model_type one of theirs too, or `auto_map` brings their code. A misspelt
    one is an error, an unheard-of one a warning: it may be newer than this list.
Why it matters: readers pick the config's class by model_type and the model's by its architecture,
    and stop when they have none.
How to fix: write the exact name, as the base model's config.json has it.
Seen in: flash-next #49, "Model architectures ... are not supported for now".
"""

from difflib import get_close_matches

from release.architecture import FAMILIES, ModelConfig
from release.facts.known import READERS, Known
from release.rules import Findings, Found, in_config, rule

CUTOFF = 0.9


@rule(since="0.1.0")
def check(config: ModelConfig, known: Known) -> Findings:
    """Look the first architecture up."""
    name = config.architecture
    if not name:
        yield Found(
            where=in_config("architectures"),
            message="no architecture is named; readers guess one from model_type",
            fix="name the model's class, as the base model's config.json does",
            severity="warning",
        )
        return
    if "auto_map" in config.raw:
        return
    if name in known.architectures:
        yield from _model_type(config, known)
        return
    near = _misspelt(name, config.model_type, known)
    yield Found(
        where=in_config("architectures"),
        message=f"{name!r:.80} is not known to {READERS}",
        fix=f"write {near!r}" if near else "check the name, or say which reader has the class",
        severity=None if near else "warning",
    )


def _model_type(config: ModelConfig, known: Known) -> Findings:
    """Judge it where transformers has the class: for those of vLLM alone it may be any."""
    name, types = config.model_type, known.architectures[config.architecture]
    unheard = name not in known.transformers and name not in FAMILIES
    if types and unheard and name not in known.model_types:
        spelt = {_fold(kind): kind for kind in types}
        near = spelt.get(_fold(name)) or next(iter(get_close_matches(name, types, 1, CUTOFF)), None)
        yield Found(
            where=in_config("model_type"),
            message=f"{name!r:.80} is not known to {READERS}" if name else "it is not there",
            fix=f"write {near or types[0]!r}, to which {config.architecture} belongs",
            severity=None if near or not name else "warning",
        )


def _misspelt(name: str, model_type: str, known: Known) -> str | None:
    """The class that was meant: of the same model_type, or equal but for case and underscores."""
    folded = _fold(name)
    for candidate in known.architectures:
        if _fold(candidate) == folded:
            return candidate
    same_type = [name for name, types in known.architectures.items() if model_type in types]
    return next(iter(get_close_matches(name, same_type, 1, CUTOFF)), None)


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
