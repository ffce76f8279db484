"""transformers cannot load the tokenizer.

What it checks: with --reference, AutoTokenizer loads the tokenizer's files, offline and without
    remote code.
Why it matters: vLLM and almost every other tool load it in this way, and cannot start.
How to fix: save the tokenizer again with the transformers that will read it, or copy its files
    from the base model.
Seen in: flash-next #49 and others, tokenizers saved by a newer transformers than the reader's.
"""

from release.facts.reference.speech import TheirTokenizer
from release.facts.tokenizer import FAST_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(tokenizer: Tokenizer, their_tokenizer: TheirTokenizer) -> Findings:
    """Leave files that nobody can read to C113."""
    if their_tokenizer.refusal is not None and not tokenizer.problems:
        yield Found(
            where=Where(file=FAST_FILE if FAST_FILE in tokenizer.files else tokenizer.files[0]),
            message=f"{their_tokenizer.source} cannot load it: {their_tokenizer.refusal}",
            fix="save the tokenizer again, or copy its files from the base model",
        )
