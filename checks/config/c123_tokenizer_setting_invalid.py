"""tokenizer_config.json holds a value that transformers refuses, or is not there.

What it checks: sides are left or right, special tokens are texts, a chat template is text,
    model_max_length is a number of tokens that is no accident; the file is there where
    tokenizer.json is.
Why it matters: the tokenizer does not load, or cuts every prompt: vLLM takes model_max_length for
    the longest context if it is the shorter one.
How to fix: copy tokenizer_config.json from the base model, or correct the value.
Seen in: fine-tunes that kept the model_max_length of their training script.
"""

from typing import Any

from release.facts.tokenizer import FAST_FILE, SETTINGS_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule

SIDES = ("padding_side", "truncation_side")
SPECIAL = tuple(f"{name}_token" for name in ("bos", "eos", "pad", "unk", "sep", "cls", "mask"))
LENGTH = "model_max_length"
SHORTEST = 64  # tokens
FIX = "copy tokenizer_config.json from the base model"


@rule(since="0.1.0")
def check(tokenizer: Tokenizer) -> Findings:
    """Judge each setting alone."""
    settings = tokenizer.settings
    unread = any(problem.file == SETTINGS_FILE for problem in tokenizer.problems)
    if not settings and FAST_FILE in tokenizer.files and not unread:
        message = "there is none, or an empty one: no file names the special tokens"
        yield Found(Where(file=SETTINGS_FILE), message, FIX, "warning")
    for key in SIDES:
        if settings.get(key, "left") not in {"left", "right"}:
            yield _found(key, f"{settings[key]!r:.40} is not 'left' or 'right'")
    for key in SPECIAL:
        value = settings.get(key)
        if value is not None and not isinstance(value, str | dict):
            yield _found(key, f"{value!r:.40} is not a token's text")
    template = settings.get("chat_template")
    if template is not None and not isinstance(template, str | list | dict):
        yield _found("chat_template", f"{template!r:.40} is not a template")
    length = settings.get(LENGTH)
    if length is not None and not (type(length) in {int, float} and length > 0):
        yield _found(LENGTH, f"{length!r:.40} is not a number of tokens")
    elif length is not None and length < SHORTEST:
        yield _found(LENGTH, f"{length} tokens are no context", "warning")


def _found(key: str, message: str, severity: str | None = None) -> Any:
    return Found(Where(file=SETTINGS_FILE, path=key), message, FIX, severity)
