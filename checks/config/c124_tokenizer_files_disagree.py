"""A file beside tokenizer.json says something else about the same token.

What it checks: vocab.json, added_tokens.json and added_tokens_decoder give every token the id that
    tokenizer.json gives it; special_tokens_map.json names the tokens that tokenizer_config.json
    names; all of them parse.
Why it matters: readers differ in which file they take: slow tokenizers, llama.cpp's converter and
    older transformers read the copies.
How to fix: save the tokenizer again, or copy all of its files from one place.
Seen in: tokenizer files put together from a base model and its chat version.
"""

from itertools import groupby

from release.facts.tokenizer_copies import Copies
from release.rules import Findings, Found, Where, rule

FIX = "copy all files of the tokenizer from the base model"


@rule(since="0.1.0", severity="warning")
def check(tokenizer_copies: Copies) -> Findings:
    """One finding for each file and path."""
    for problem in tokenizer_copies.problems:
        yield Found(Where(file=problem.file), problem.what, problem.hint or FIX)
    groups = groupby(tokenizer_copies.differ, key=lambda copy: (copy.file, copy.path))
    for (file, path), found in groups:
        first, *others = found
        more = f", and {len(others):,} more differ" if others else ""
        yield Found(
            where=Where(file=file, path=path or None),
            message=f"{first.token!r:.60} is {first.there} here, {first.here} in the tokenizer"
            f"{more}",
            fix=FIX,
        )
