"""The card's header: the YAML that the Hub reads, written by the Hub's own client."""

import re
from itertools import pairwise
from typing import Any

from huggingface_hub import ModelCardData

from release.manifest import Manifest
from release.tables import Reported, is_known

LIBRARY = "transformers"  # without it the Hub's page offers no vLLM button
_KEY = re.compile(r"^[a-z_]+:", re.MULTILINE)


def header_fields(facts: Reported, manifest: Manifest) -> list[tuple[str, str]]:
    """Write the header, field by field: the YAML of each, and its key.

    The pipeline tag is the manifest's, else what a vision tower in the config implies.
    """
    model: Any = facts.get("model")
    sees = is_known(model) and model["vision"]
    implied = "image-text-to-text" if sees else "text-generation"
    data = ModelCardData(
        license=manifest.license,
        license_name=manifest.license_name,
        license_link=manifest.license_link,
        base_model=manifest.base.model,
        base_model_relation="quantized",
        library_name=LIBRARY,
        pipeline_tag=manifest.card.pipeline_tag or implied,
        language=list(manifest.card.language) or None,
        tags=_tags(facts, manifest),
        datasets=[name for ancestor in manifest.ancestors for name in ancestor.datasets] or None,
        quantized_by=manifest.quantized_by,
    )
    text = data.to_yaml()
    starts = [match.start() for match in _KEY.finditer(text)]
    fields = [text[start:end].rstrip("\n") for start, end in pairwise([*starts, len(text)])]
    return [(field, field.partition(":")[0]) for field in fields]


def _tags(facts: Reported, manifest: Manifest) -> list[str]:
    rows: Any = facts.get("precision")
    schemes = [row["scheme"] for row in rows if row["group"]] if is_known(rows) else []
    families = [scheme.lower().partition("_")[0] for scheme in schemes]
    return list(dict.fromkeys(["compressed-tensors", *families, "vllm", *manifest.card.tags]))
