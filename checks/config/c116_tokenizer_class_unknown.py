"""No reader has the tokenizer class that tokenizer_config.json names.

What it checks: `tokenizer_class` is a class of transformers or vLLM, or `auto_map` brings its code.
Why it matters: transformers falls back to a generic class or refuses, by version; what the class
    did to text is lost.
How to fix: restore the base model's class; `TokenizersBackend` is what transformers 5 writes.
Seen in: GPTQModel #2403, which wrote TokenizersBackendFast, a class that never existed.
"""

from release.facts.known import READERS, Known
from release.facts.tokenizer import SETTINGS_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule

KEY = "tokenizer_class"


@rule(since="0.1.0", severity="warning")
def check(tokenizer: Tokenizer, known: Known) -> Findings:
    """Look the class up, with and without `Fast`."""
    name = tokenizer.settings.get(KEY)
    if name is None or "auto_map" in tokenizer.settings:
        return
    where = Where(file=SETTINGS_FILE, path=KEY)
    if not isinstance(name, str):
        yield Found(where, f"{name!r:.40} is not the name of a class", "write the class's name")
        return
    slow = name.removesuffix("Fast") if name.endswith("TokenizerFast") else name
    if name not in known.tokenizers and slow not in known.tokenizers:
        yield Found(
            where=where,
            message=f"{name!r:.60} is not known to {READERS}",
            fix="restore the class of the base model, or PreTrainedTokenizerFast",
        )
