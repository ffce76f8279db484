"""A chat model has no chat template.

What it checks: where generation ends with a token that only chat models end with (`<|im_end|>`,
    `<|eot_id|>` and their like), there is a chat template: a .jinja file, an entry of
    tokenizer_config.json, or a tokenizer in Mistral's format, which brings its own.
Why it matters: vLLM answers every chat request with 400, and other tools invent a format.
How to fix: copy chat_template.jinja from the base model.
Seen in: unslothai #2744.
"""

from release.architecture import ModelConfig
from release.facts.documents import GENERATION, Documents
from release.facts.tokenizer import TURN_ENDS, Tokenizer
from release.rules import Findings, Found, Where, rule

FILE = "chat_template.jinja"
OWN_FORMAT = "tekken.json"
GENERATIVE = ("ForCausalLM", "ForConditionalGeneration")


@rule(since="0.1.0", severity="warning")
def check(config: ModelConfig, tokenizer: Tokenizer, documents: Documents) -> Findings:
    """Base models end with another token, and have no template by right."""
    unread = any(problem.file.startswith("chat_template") for problem in tokenizer.problems)
    if tokenizer.templates or unread or OWN_FORMAT in documents.names or not tokenizer.ids:
        return
    if config.architecture and not config.architecture.endswith(GENERATIVE):
        return
    eos = tokenizer.settings.get("eos_token")
    name = eos.get("content") if isinstance(eos, dict) else eos
    generation = documents.values.get(GENERATION, {})
    ends = {
        number
        for settings in (generation, config.raw, config.text)
        for number in _first(settings.get("eos_token_id"))
    }
    for token in TURN_ENDS:
        number = tokenizer.ids.get(token)
        if number is not None and (token == name or number in ends):
            yield Found(
                where=Where(file=FILE),
                message=f"there is no chat template, though texts end with {token}",
                fix="copy the chat template from the base model",
            )
            return


def _first(value: object) -> list[int]:
    """The one or first id: lists of base models hold the chat token last, if at all."""
    if isinstance(value, list):
        value = next(iter(value), None)
    return [value] if type(value) is int else []
