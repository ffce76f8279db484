"""Templates, generation settings, processors and legal texts against the base's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.errors import CheckpointError
from release.facts.documents import GENERATION, PREPROCESSOR, PROCESSOR, VIDEO, Documents
from release.facts.rendering import Rendering, render_template, special_tokens
from release.facts.setting_changes import same
from release.facts.tokenizer import SETTINGS_FILE, TEMPLATE_FILES, TURN_ENDS, Tokenizer
from release.unknown import Unknown

LEGAL = re.compile(r"(LICEN[CS]E|NOTICE|USE_POLICY|COPYING)[^/]*", re.IGNORECASE)
MADE_BY = {
    "transformers_version",
    "_from_model_config",
    "processor_class",
    "image_processor_type",
    "video_processor_type",
    "feature_extractor_type",
    "auto_map",
    "_valid_kwargs_names",
}
"""Who wrote a file and with which class, which is another one in every version."""

# transformers leaves out what its GenerationConfig has anyway (generation/configuration_utils.py).
GENERATION_DEFAULTS: dict[str, Any] = {
    "do_sample": False,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 50,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "num_beams": 1,
}
PROCESSORS = (PREPROCESSOR, PROCESSOR, VIDEO)


class SideChange(msgspec.Struct, frozen=True):
    """One difference: the file, the key or conversation in it, and what differs."""

    file: str
    path: str
    what: str


def provide_template_changes(
    tokenizer: Tokenizer, base_tokenizer: Tokenizer
) -> tuple[SideChange, ...]:
    """Compare what the templates print; a lost one of a chat model has a rule of its own."""
    ours, base = _main(tokenizer), _main(base_tokenizer)
    if base is None:
        return ()
    if ours is None:
        known = not (tokenizer.ids or {}).keys().isdisjoint(TURN_ENDS)
        return () if known else (SideChange(TEMPLATE_FILES[0], "", "the base has a template"),)
    if tokenizer.templates[ours] == base_tokenizer.templates[base]:
        return ()
    rendering, base_rendering = _render(tokenizer, ours), _render(base_tokenizer, base)
    if rendering.syntax:
        return ()  # a template that does not parse has a rule of its own
    differing = [
        name
        for name, turn in base_rendering.turns.items()
        if turn.text is not None and rendering.turns.get(name) != turn
    ]
    what = f"another text than the base's is printed for: {', '.join(differing)}"
    return (SideChange(ours, "", what),) if differing else ()


def provide_document_changes(
    documents: Documents, base_documents: Documents, base_config: ModelConfig | Unknown
) -> tuple[SideChange, ...]:
    """Compare generation settings and processors, key by key."""
    changes = list(_generation(documents, base_documents, base_config))
    for file in PROCESSORS:
        ours, base = documents.values.get(file), base_documents.values.get(file)
        if ours is not None and base is not None:
            changes += _keys(file, ours, base)
    return tuple(changes)


def provide_legal_changes(
    checkpoint: Checkpoint, base: Checkpoint
) -> tuple[SideChange, ...] | Unknown:
    """Name the base's licence texts that are not here, or say something else."""
    files = [name for name in base.files if LEGAL.fullmatch(name)]
    try:
        lost = [name for name in files if name not in checkpoint.files]
        other = [
            name
            for name in files
            if name not in lost and _words(checkpoint, name) != _words(base, name)
        ]
    except CheckpointError as error:
        return Unknown(str(error))
    return (
        *(SideChange(name, "", "the base has it, and it is not here") for name in lost),
        *(SideChange(name, "", "says something else than the base's") for name in other),
    )


def _main(tokenizer: Tokenizer) -> str | None:
    """Where the template is that transformers takes."""
    order = (TEMPLATE_FILES[0], SETTINGS_FILE, f"{SETTINGS_FILE}: default", *TEMPLATE_FILES)
    return next((place for place in order if place in tokenizer.templates), None)


def _render(tokenizer: Tokenizer, place: str) -> Rendering:
    return render_template(tokenizer.templates[place], special_tokens(tokenizer))


def _generation(
    documents: Documents, base_documents: Documents, base_config: ModelConfig | Unknown
) -> Iterator[SideChange]:
    """What is another value or lost; what is new where it is not what generation does anyway.

    Older files of the base have such settings in config.json.
    """
    base = base_documents.values.get(GENERATION)
    if base is None or GENERATION in documents.problems:
        return
    ours = documents.values.get(GENERATION)
    if ours is None:
        yield SideChange(GENERATION, "", "the base has it, and it is not here")
        return
    lost = {key: GENERATION_DEFAULTS.get(key) for key in base.keys() - ours.keys()}
    gone = list(_keys(GENERATION, lost, base))
    if len(gone) > 1:  # the file was written anew
        keys = ", ".join(f"{change.path} {base[change.path]!r:.40}" for change in gone)
        gone = [SideChange(GENERATION, "", f"has lost what the base says: {keys}")]
    yield from gone
    said = {} if isinstance(base_config, Unknown) else base_config.raw
    implied = {key: said.get(key, value) for key, value in GENERATION_DEFAULTS.items()}
    yield from _keys(GENERATION, ours, implied | base)


def _keys(file: str, ours: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[SideChange]:
    for key in sorted(ours.keys() & base.keys() - MADE_BY):
        if not same(_one(ours[key]), _one(base[key])):
            what = f"{key} is {ours[key]!r:.60} here, {base[key]!r:.60} in the base"
            yield SideChange(file, key, what)


def _one(value: Any) -> Any:
    """A list of one id is that id."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _words(checkpoint: Checkpoint, file: str) -> list[str]:
    return checkpoint.read_text(file).split()
