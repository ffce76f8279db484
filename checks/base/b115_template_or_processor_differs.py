"""The chat template, the generation settings or a processor is not the base's.

What it checks: what the chat template prints for a few conversations, with tools and without; the
    values of generation_config.json; those of the processors.
Why it matters: prompts drift from those that the model was trained on, sampling from what its
    makers recommend, images from the size that the tower knows.
How to fix: copy the file from the base; if the change is wanted, allow it with its reason.
Seen in: ModelOpt #2060 (side files that were not kept).
"""

from release.facts.comparison import Comparison
from release.facts.side_changes import SideChange
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning", echoes=("C115",))
def check(
    template_changes: tuple[SideChange, ...],
    document_changes: tuple[SideChange, ...],
    comparison: Comparison,
) -> Findings:
    """Report each of them."""
    for change in () if comparison.foreign else (*template_changes, *document_changes):
        yield Found(
            where=Where(file=change.file, path=change.path or None),
            message=change.what,
            fix="copy the file from the base, or allow the change and say why",
        )
