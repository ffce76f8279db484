"""Answers as facts: what is thought and what is said, how often it repeats itself, how it ended."""

from collections.abc import Sequence

import msgspec

from release.smoke.engine import Reply

THINK, UNTHINK = "<think>", "</think>"
GRAM = 4
SHORT = 12


class Answer(msgspec.Struct, frozen=True):
    """One answer, measured.

    `content` is what is left when reasoning is taken out; `unclosed`: reasoning was begun and not
    ended. `run` is the longest run of one token, `distinct` the share of 4-grams of tokens that
    are not repeats (1.0 for short answers).
    """

    name: str
    prompt: str
    content: str
    finish: str | None
    tokens: int
    expected: tuple[str, ...]
    unclosed: bool
    run: int
    distinct: float
    broken: int

    @property
    def right(self) -> bool:
        """Whether one of the expected words is in it; upper and lower case are the same."""
        text = self.content.casefold()
        return not self.expected or any(word.casefold() in text for word in self.expected)


def measure(reply: Reply, expected: tuple[str, ...]) -> Answer:
    """Measure one reply."""
    content, unclosed = split_thought(reply.prompt, reply.text)
    return Answer(
        name=reply.name,
        prompt=reply.prompt,
        content=content,
        finish=reply.finish,
        tokens=len(reply.tokens),
        expected=expected,
        unclosed=unclosed,
        run=longest_run(reply.tokens),
        distinct=distinct_grams(reply.tokens),
        broken=reply.broken,
    )


def split_thought(prompt: str, text: str) -> tuple[str, bool]:
    """Take reasoning out of a text, and say whether it was left open.

    Templates may open it in the prompt, so that only its end is in the text.
    """
    begun = prompt.rstrip().endswith(THINK) or text.lstrip().startswith(THINK)
    if UNTHINK in text:
        return text.rpartition(UNTHINK)[2].strip(), False
    return ("", True) if begun else (text.strip(), False)


def longest_run(tokens: Sequence[int]) -> int:
    """Give the length of the longest run of one token."""
    longest = current = 0
    previous = None
    for token in tokens:
        current = current + 1 if token == previous else 1
        longest, previous = max(longest, current), token
    return longest


def distinct_grams(tokens: Sequence[int]) -> float:
    """Give the share of different 4-grams; 1.0 for less than 12 tokens, which may well repeat."""
    if len(tokens) < SHORT:
        return 1.0
    grams = [tuple(tokens[i : i + GRAM]) for i in range(len(tokens) - GRAM + 1)]
    return round(len(set(grams)) / len(grams), 4)


def same_beginning(one: Reply, other: Reply) -> int:
    """Count the tokens that two replies share from the start."""
    pairs = zip(one.tokens, other.tokens, strict=False)
    return next(
        (place for place, (a, b) in enumerate(pairs) if a != b),
        min(len(one.tokens), len(other.tokens)),
    )
