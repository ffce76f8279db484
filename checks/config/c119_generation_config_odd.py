"""generation_config.json cannot be read, or holds values that generation refuses or ignores.

What it checks: the file parses; temperature, top_p, top_k, min_p, repetition_penalty, lengths and
    beams are in their ranges; sampling values do not stand beside `do_sample: false`;
    max_length leaves room.
    A checkpoint without the file is only noted.
Why it matters: vLLM takes its default sampling from this file, and transformers refuses to save a
    model whose values contradict each other.
How to fix: copy the file from the base model, or correct the value.
Seen in: Llama 2, whose temperature stood beside greedy decoding.
"""

from typing import Any

from release.facts.documents import GENERATION, Documents
from release.rules import Findings, Found, Where, rule

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 100.0),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "top_k": (-1.0, float(1 << 31)),
    "repetition_penalty": (0.01, 100.0),
    "max_new_tokens": (1.0, float(1 << 31)),
    "max_length": (1.0, float(1 << 31)),
    "min_new_tokens": (0.0, float(1 << 31)),
    "num_beams": (1.0, 1000.0),
}
WHOLE = {"top_k", "max_new_tokens", "max_length", "min_new_tokens", "num_beams"}
NEUTRAL = {"temperature": (0.0, 1.0), "top_p": (1.0,), "top_k": (50, 0, -1), "min_p": (0.0,)}
SHORT = 32


@rule(since="0.1.0", severity="warning")
def check(documents: Documents) -> Findings:
    """Judge the values that are there."""
    problem = documents.problems.get(GENERATION)
    if problem is not None:
        fix = "copy it from the base model"
        yield Found(Where(file=GENERATION), problem.what, problem.hint or fix, "error")
    elif GENERATION not in documents.names:
        message = "there is none: readers take eos and sampling from elsewhere"
        yield Found(Where(file=GENERATION), message, "copy it from the base model", "info")
    settings = documents.values.get(GENERATION, {})
    for key, (low, high) in RANGES.items():
        value = settings.get(key)
        if value is not None and not (_number(value) and low <= value <= high):
            message = f"{value!r:.40} is not between {low:g} and {high:g}"
            yield Found(Where(file=GENERATION, path=key), message, "correct it, or remove it")
        elif key in WHOLE and isinstance(value, float):
            message = f"{value!r:.40} is not a whole number"
            yield Found(Where(file=GENERATION, path=key), message, "correct it, or remove it")
    sample = settings.get("do_sample")
    if sample is not None and not isinstance(sample, bool):
        message = f"{sample!r:.40} is not true or false"
        yield Found(Where(file=GENERATION, path="do_sample"), message, "write true or false")
    if sample is False:
        yield from _unused(settings)
    if sample is True and settings.get("temperature") == 0:
        message = "it is 0, and do_sample is true: transformers refuses to divide by it"
        yield Found(Where(file=GENERATION, path="temperature"), message, "set do_sample to false")
    length = settings.get("max_length")
    if type(length) is int and 0 < length <= SHORT:
        message = f"{length} tokens for prompt and answer together"
        yield Found(Where(file=GENERATION, path="max_length"), message, "remove max_length")


def _unused(settings: dict[str, Any]) -> Findings:
    for key, neutral in NEUTRAL.items():
        value = settings.get(key)
        if _number(value) and value not in neutral:
            message = f"{key} is {value}, and do_sample is false"
            fix = "set do_sample to true, or remove the sampling values"
            yield Found(Where(file=GENERATION, path=key), message, fix)


def _number(value: Any) -> bool:
    return type(value) in {int, float}
