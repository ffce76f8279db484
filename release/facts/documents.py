"""The JSON side files beside config.json: read once, what cannot be read kept as such."""

from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError, Fault

GENERATION = "generation_config.json"
PREPROCESSOR, PROCESSOR = "preprocessor_config.json", "processor_config.json"
VIDEO = "video_preprocessor_config.json"
FOREIGN_QUANTIZATION = ("hf_quant_config.json", "quantize_config.json", "quant_config.json")
ADDED_TOKENS, SPECIAL_TOKENS = "added_tokens.json", "special_tokens_map.json"
FILES = (
    GENERATION,
    ADDED_TOKENS,
    SPECIAL_TOKENS,
    PREPROCESSOR,
    PROCESSOR,
    VIDEO,
    *FOREIGN_QUANTIZATION,
)


class Documents(msgspec.Struct, frozen=True):
    """Side files that are present: their objects, or why they are none.

    `names` are all files of the checkpoint. Pointers and empty files are no problem of their
    content: the file rules name them.
    """

    values: dict[str, dict[str, Any]]
    problems: dict[str, CheckpointError]
    names: frozenset[str]


def provide_documents(checkpoint: Checkpoint) -> Documents:
    """Parse each JSON side file that is there."""
    values: dict[str, dict[str, Any]] = {}
    problems: dict[str, CheckpointError] = {}
    for file in FILES:
        if file in checkpoint.files:
            try:
                values[file] = checkpoint.read_document(file).value
            except CheckpointError as error:
                if error.fault != Fault.NOT_WEIGHTS:
                    problems[file] = error
    return Documents(values, problems, frozenset(checkpoint.files))
