"""A multimodal checkpoint has no processor files.

What it checks: a class with a vision_config comes with preprocessor_config.json or
    processor_config.json, each readable; one that takes video in a separate processor (Qwen3-VL
    and later) has video_preprocessor_config.json too.
Why it matters: without them neither vLLM nor transformers can start the model: they cannot know
    how images become patches.
How to fix: save the processor next to the weights: `processor.save_pretrained(folder)`.
Seen in: llm-compressor #1305, which saves the model and leaves the processor to the caller.
"""

from release.architecture import ModelConfig
from release.facts.documents import PREPROCESSOR, PROCESSOR, VIDEO, Documents
from release.rules import Findings, Found, Where, rule

MULTIMODAL = "ForConditionalGeneration"
MISTRAL_FORMAT = "tekken.json"  # mistral_common carries its own image processor
SEPARATE_VIDEO = "qwen3"
FIX = "copy the processor's files from the base model"


@rule(since="0.1.0")
def check(config: ModelConfig, documents: Documents) -> Findings:
    """Look for the files; an unreadable one is a finding of its own."""
    for file in (PREPROCESSOR, PROCESSOR, VIDEO):
        if file in documents.problems:
            problem = documents.problems[file]
            yield Found(Where(file=file), problem.what, problem.hint or FIX)
    if config.vision is None or not config.architecture.endswith(MULTIMODAL):
        return
    names = documents.names
    if not {PREPROCESSOR, PROCESSOR, MISTRAL_FORMAT} & names:
        yield Found(
            where=Where(file=PREPROCESSOR),
            message=f"{config.architecture} takes images, and there is neither {PREPROCESSOR} "
            f"nor {PROCESSOR}",
            fix=FIX,
        )
    elif (
        config.raw.get("video_token_id") is not None
        and config.model_type.startswith(SEPARATE_VIDEO)
        and VIDEO not in names
        and "video_processor" not in documents.values.get(PROCESSOR, {})
    ):
        yield Found(
            where=Where(file=VIDEO),
            message=f"video_token_id is declared, and there is no {VIDEO}",
            fix=FIX,
            severity="warning",
        )
