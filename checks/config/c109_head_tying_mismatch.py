"""The head and tie_word_embeddings disagree.

What it checks: a model whose embeddings are not tied stores an lm_head; one whose embeddings are
    tied stores none; a copy of the embedding, byte for byte, is only a note, one that is not known
    to differ too. Where config.json says nothing, the class's own default counts; where the two
    levels of a multimodal config disagree, nothing is judged.
Why it matters: an untied model without a head answers with random weights. Of a tied one with a
    head of its own, vLLM drops the head and answers with the embedding in its place.
How to fix: set tie_word_embeddings as in the base model; save the head again where it is missing.
Seen in: QwenLM/Qwen3-VL-Embedding #89, tie_word_embeddings false and no lm_head in any shard.
"""

from release.architecture import Architecture, ModelConfig
from release.facts.absences import Absences
from release.facts.duplicates import Duplicate
from release.facts.modules import Module, Modules
from release.rules import Findings, Found, Where, in_config, rule
from release.unknown import Unknown

KEY = "tie_word_embeddings"
HEADED = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
HEADS = ("lm_head", "language_model.lm_head", "model.language_model.lm_head")


@rule(since="0.1.0")
def check(
    config: ModelConfig,
    architecture: Architecture,
    absences: Absences,
    modules: Modules,
    duplicates: tuple[Duplicate, ...] | Unknown,
) -> Findings:
    """Judge generative classes only: embedding and reward models have no such head."""
    if config.architecture and not config.architecture.endswith(HEADED):
        return
    stored = next((modules.items[name] for name in HEADS if name in modules.items), None)
    levels = (config.raw, config.text)
    stated = [bool(level[KEY]) for level in levels if level.get(KEY) is not None]
    how = "is false" if stated else "is absent, which means false for this class"
    if absences.head and stored is None:
        other = absences.head_instead
        yield Found(
            where=in_config(KEY),
            message=f"{KEY} {how}, and no lm_head is stored"
            + (f"; {other} is, and has its shape" if other else ""),
            fix=f"rename {other} to {absences.head[0]}"
            if other
            else f"set {KEY} to true if the base model ties them, or export the head",
        )
    if stored and architecture.tied and stated and all(stated):
        copy = _may_be_a_copy(stored, duplicates)
        yield Found(
            where=Where(module=stored.name),
            message=f"{KEY} is true, and a head is stored as well"
            + ("" if copy else "; vLLM drops it, and takes the embedding for it"),
            fix=f"remove the head, or set {KEY} to false if it is the one to use",
            severity="info" if copy else None,
        )


def _may_be_a_copy(head: Module, duplicates: tuple[Duplicate, ...] | Unknown) -> bool:
    """Whether nothing speaks against it: llm-compressor saves some tied heads a second time."""
    if isinstance(duplicates, Unknown):
        return not head.quantized
    pairs = ({pair.tensor.module.name, pair.original.module.name} for pair in duplicates)
    return any(head.name in pair and len(pair) > 1 for pair in pairs)
