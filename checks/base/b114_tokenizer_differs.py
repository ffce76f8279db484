"""The tokenizer is not the base's.

What it checks: vocabulary, merges, normalizer, pre-tokenizer, added and special tokens, by what
    they mean and not by how the file spells it: both forms of merges, defaults, sequences of one.
    Other formats byte by byte.
Why it matters: the model sees other tokens than it was trained on. Texts still come out, spaces
    or numbers get lost.
How to fix: copy the tokenizer's files from the base.
Seen in: transformers #47017: a published FP8 model whose tokenizer lost its spaces.
"""

from release.facts.comparison import Comparison
from release.facts.tokenizer_changes import SPECIAL, TokenizerChange
from release.rules import Findings, Found, Where, rule

AFTERWARDS = {"decoder", "post_processor", SPECIAL}


@rule(since="0.1.0")
def check(tokenizer_changes: tuple[TokenizerChange, ...], comparison: Comparison) -> Findings:
    """Report each part that differs."""
    for change in () if comparison.foreign else tokenizer_changes:
        yield Found(
            where=Where(file=change.file, path=change.part),
            message=change.what,
            fix="copy the tokenizer's files from the base",
            severity="warning" if change.part in AFTERWARDS else None,
        )
