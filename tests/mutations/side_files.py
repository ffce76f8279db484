"""Tokenizer, template and generation config: of another model, cut, or lost on the way."""

from tests.mutate import Draft
from tests.mutations.config import (
    GEMMA,
    GENERATION,
    LLAMA,
    SETTINGS,
    TEMPLATE,
    TOKENIZER,
    lost,
    setting,
    within,
    written,
)
from tests.mutations.fault import ANY, EVERY, Fault


def new_token(draft: Draft) -> Draft:
    """Add a token behind the last row of the embedding."""
    tokenizer = draft.read(TOKENIZER)
    token = dict(tokenizer["added_tokens"][-1], id=384, content="<|new|>")
    return draft.edit(TOKENIZER, "added_tokens", [*tokenizer["added_tokens"], token])


FAULTS = (
    Fault("C113", "no tokenizer", lost(TOKENIZER), TOKENIZER, EVERY),
    Fault("C113", "a tokenizer that is cut", lambda d: d.truncate(TOKENIZER, 9), TOKENIZER, ANY),
    Fault(
        "C113", "an empty vocabulary", within(TOKENIZER, "model.vocab", {}), "model.vocab", LLAMA
    ),
    Fault("C114", "a token behind the embedding", new_token, TOKENIZER, (*LLAMA, *GEMMA)),
    Fault(
        "C115",
        "an end of another vocabulary",
        setting("eos_token_id", 151_645),
        "eos_token_id",
        LLAMA,
    ),
    Fault(
        "C115",
        "an end token that does not exist",
        within(SETTINGS, "eos_token", "<|eot_id|>"),
        "eos_token",
        LLAMA,
    ),
    Fault(
        "C115",
        "an image token of another model",
        setting("image_token_id", 151_655),
        "image_token_id",
        ("demo",),
    ),
    Fault(
        "C116",
        "a tokenizer class that does not exist",
        within(SETTINGS, "tokenizer_class", "TokenizersBackendFast"),
        "tokenizer_class",
        ANY,
    ),
    Fault("C117", "no chat template", lost(TEMPLATE), TEMPLATE, ANY),
    Fault("C118", "a template that does not parse", written(TEMPLATE, "{% for m in %}"), TEMPLATE),
    Fault(
        "C118",
        "a template that leaves the message out",
        written(TEMPLATE, "{% for m in messages %}<|im_start|>{{ m.role }}<|im_end|>{% endfor %}"),
        TEMPLATE,
    ),
    Fault(
        "C118",
        "a template that never ends",
        written(TEMPLATE, "{% for i in range(10**9) %}x{% endfor %}"),
        TEMPLATE,
        LLAMA,
    ),
    Fault(
        "C119",
        "a negative temperature",
        within(GENERATION, "temperature", -1.0),
        "temperature",
        LLAMA,
    ),
    Fault(
        "C119", "a generation config that is cut", lambda d: d.truncate(GENERATION, 5), GENERATION
    ),
)
