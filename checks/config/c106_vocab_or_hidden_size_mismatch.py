"""The embedding or the head has other rows or columns than config.json says.

What it checks: the rows of the embedding and of lm_head equal vocab_size exactly, their columns
    and the lengths of the norms equal hidden_size. Packed weights are counted unpacked.
Why it matters: vLLM asserts it without naming the tensor, transformers refuses the tensor. A
    tokenizer smaller than the embedding is normal and not judged here.
How to fix: correct the value in config.json; after adding tokens, resize the embeddings and save
    the config with them.
Seen in: fine-tunes that resized their embeddings and shipped the config of before.
"""

from collections.abc import Iterable

from release.architecture import ModelConfig
from release.facts.misfits import Misfit, Misfits
from release.rules import Findings, Found, Where, in_config, rule


@rule(since="0.1.0")
def check(config: ModelConfig, misfits: Misfits) -> Findings:
    """Name the config where all tables agree against it, else the tensors."""
    agreed = {"vocab_size": misfits.vocab_rows, "hidden_size": misfits.hidden_width}
    for key, value in agreed.items():
        if value is not None:
            yield Found(
                where=in_config(f"{config.text_path}{key}"),
                message=f"{key} is {config.get(key)}, the embedding has {value}",
                fix=f"set {key} to {value}, or export the embedding again",
            )
    if misfits.vocab_rows is None:
        yield from _single(misfits.vocab, "vocab_size")
    yield from _single(misfits.hidden, "hidden_size")


def _single(misfits: Iterable[Misfit], key: str) -> Findings:
    for misfit in misfits:
        yield Found(
            where=Where(module=misfit.module),
            message=f"{misfit.role} is {list(misfit.stored)}, {key} implies {list(misfit.implied)}",
            fix=f"export the module again, or correct {key}",
        )
