"""The model does not answer what it must be able to answer.

What it checks: greedy answers to known questions, through the chat template where there is one.
    Each must hold one of its expected words, in its own text after the reasoning, and must end by
    itself. The questions are the manifest's (`smoke.asks`), or simple ones.
Why it matters: a checkpoint with a wrong scale or swapped halves loads and writes fluent nonsense.
How to fix: compare with the base (`release verify --base`): it names the tensors that differ.
Seen in: vllm #36094, Qwen3.5 in NVFP4 with poor answers.
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Run
from release.smoke.expectations import CHAT, RANDOM
from release.smoke.speech import Answer

SHOWN = 120


@rule(since="0.1.0")
def check(answers: tuple[Answer, ...], engine_run: Run) -> Findings:
    """Report wrong answers and those that do not end; a random model was asked nothing."""
    if engine_run.plan.kind == RANDOM:
        return
    for answer in answers:
        if answer.unclosed:
            continue  # S107: it never came to answer
        if not answer.right:
            yield Found(
                where=Where(path=answer.name),
                message=f"expected {' or '.join(answer.expected)}, got {answer.content[:SHOWN]!r}",
                fix="compare with the base: `release verify --base`",
            )
        elif engine_run.plan.kind == CHAT and answer.finish != "stop" and answer.expected:
            yield Found(
                where=Where(path=answer.name),
                message=f"it does not stop: {answer.tokens:,} tokens for a short question",
                fix="check eos_token_id in config.json and generation_config.json",
            )
