"""A probability is not a number.

What it checks: the log-probabilities of every token that was chosen, and of the five best beside
    it, alone and among other requests, and of each token of the texts that are only read.
Why it matters: one NaN in a scale makes every answer of every request that shares a batch NaN; the
    server goes on and prints the token with the number 0, often "!".
How to fix: look for the tensor: `release verify` names blocks with NaN or infinite scales.
Seen in: vllm #45212.
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Run
from release.smoke.speech import Answer


@rule(since="0.1.0")
def check(answers: tuple[Answer, ...], engine_run: Run) -> Findings:
    """Report requests with broken probabilities."""
    for answer in answers:
        if answer.broken:
            yield Found(
                where=Where(path=answer.name),
                message=f"{answer.broken:,} of {answer.tokens:,} tokens have no finite probability",
                fix="look for NaN in scales and weights: `release verify --level bytes`",
            )
    if any(answer.broken for answer in answers):
        return
    broken = [each for each in engine_run.outcome.result.likelihoods if each.nats is None]
    if broken:
        yield Found(
            where=Where(path="texts"),
            message=f"{len(broken)} texts have no finite likelihood",
            fix="look for NaN in scales and weights: `release verify --level bytes`",
        )
