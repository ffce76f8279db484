"""The model repeats itself, says nothing, or never ends its reasoning.

What it checks: for every answer, that it is not empty, that no token comes more than 20 times in a
    row, that of its 4-grams at least 0.3 are not repeats, and that reasoning that was begun is
    ended. Requests that begin otherwise alone than among others are a warning.
Why it matters: any text passes a test that only looks whether there is text.
How to fix: compare with the base; for reasoning, see the template and the limit of tokens.
Seen in: tpu-inference #2366, gibberish with two requests at once.
"""

from collections.abc import Iterator

from release.rules import Findings, Found, Where, rule
from release.smoke.expectations import RANDOM
from release.smoke.speech import Answer
from release.smoke.summary import Smoke

LONGEST_RUN = 20
DISTINCT = 0.3


@rule(since="0.1.0")
def check(answers: tuple[Answer, ...], smoke: Smoke) -> Findings:
    """Report each answer by the first thing that is wrong with it."""
    if smoke.kind == RANDOM:
        return
    for answer in answers:
        if answer.broken:
            continue  # S106: no text can come of that
        problem = next(_problems(answer), None)
        if problem:
            yield Found(
                where=Where(path=answer.name),
                message=problem,
                fix="compare with the base; look at the template and at smoke.tokens",
            )
    for name in smoke.alone_differs:
        yield Found(
            where=Where(path=name),
            message="it begins otherwise alone than together with other requests",
            fix="run again: near ties may do that; if it stays, states of requests are mixed up",
            severity="warning",
        )


def _problems(answer: Answer) -> Iterator[str]:
    if answer.run > LONGEST_RUN:
        yield f"one token comes {answer.run} times in a row"
    if answer.distinct < DISTINCT:
        yield f"only {answer.distinct:.0%} of its 4-grams are not repeats"
    if answer.unclosed:
        yield f"its reasoning does not end within {answer.tokens:,} tokens"
    elif not answer.content:
        yield "it is empty"
