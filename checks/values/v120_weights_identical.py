"""Two weights that should differ hold the same bytes.

What it checks: 2-D weights of one shape and dtype, byte for byte. Silent on embeddings and heads
    (an MTP layer has copies of both) but for a note where an untied head is a copy of the
    embedding, and on weights that are constant. A layer or an expert that is a copy of another is
    one finding; where four or more are, the model was scaled up by repeating layers, and
    it is only a note. With --base, copies that are each what the base has there are no finding.
Why it matters: one of the two was overwritten in a loop or a merge, and its own weights are lost.
How to fix: export the modules again; allow it if the model was built so.
Seen in: tests only; no public case is known.
"""

from release.architecture import Architecture
from release.comparison.blocks import block_of, displaced_blocks
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.duplicates import Duplicate
from release.facts.measures import Measures
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

UPSCALED = 4
TABLES = {EMBEDDINGS, HEAD}


@rule(since="0.1.0", severity="warning", echoes=("B",))
def check(
    duplicates: tuple[Duplicate, ...],
    measures: Measures,
    architecture: Architecture | Unknown,
    faithful: frozenset[str],
) -> Findings:
    """Report copies of layers, then copies of single weights."""
    duplicates = tuple(
        d for d in duplicates if not {d.tensor.compared, d.original.compared} <= faithful
    )
    layers = {d.layer: d.original_layer or "" for d in duplicates if d.layer}
    for layer, original in layers.items():
        yield _block(layer, original, "info" if len(layers) >= UPSCALED else None)
    single = [d for d in duplicates if not d.layer]
    holds = {d.tensor.module.name: d.original.module.name for d in single}
    blocks = displaced_blocks(holds, [m.module.name for m in measures.weights])
    for block, original in blocks.items():
        yield _block(block, original, None)
    for duplicate in single:
        copy, source = duplicate.tensor, duplicate.original
        components = {copy.module.component, source.module.component}
        if components == TABLES and not _is_tied(architecture):
            yield Found(
                where=Where(file=copy.info.shard, tensor=copy.tensor),
                message=f"holds the same bytes as {source.tensor}, {copy.info.nbytes:,} of them",
                fix="drop the head and set tie_word_embeddings, if the base model ties them",
                severity="info",
            )
            continue
        if TABLES & components or block_of(copy.module.name, blocks):
            continue
        yield Found(
            where=Where(file=copy.info.shard, tensor=copy.tensor),
            message=f"holds the same bytes as {source.tensor}",
            fix="export the module again",
            about=(copy.module.name, source.module.name),
        )


def _block(block: str, original: str, severity: str | None) -> Found:
    return Found(
        where=Where(module=block),
        message=f"every weight is a copy of one in {original}",
        fix="export it again, or allow it if it was repeated on purpose",
        severity=severity,
        about=(block, original),
    )


def _is_tied(architecture: Architecture | Unknown) -> bool:
    """Whether a head beside the embedding is one too many, which is C109's."""
    return isinstance(architecture, Architecture) and architecture.tied
