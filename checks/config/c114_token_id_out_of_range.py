"""A token's id is beyond the rows of the embedding.

What it checks: every id of tokenizer.json, added tokens included, is below the number of rows.
    More rows than tokens is normal padding. Pad tokens are a warning, placeholders for images
    and sound that a text-only model never sees only a note.
Why it matters: the first prompt with that token reads outside the embedding: an index error on a
    CPU, an aborted kernel on a GPU.
How to fix: resize the embeddings and save them with the config, or take the base's tokenizer.
Seen in: fine-tunes that added a token to the tokenizer and not to the model.
"""

from release.architecture import ModelConfig
from release.facts.components import EMBEDDINGS
from release.facts.modules import Modules
from release.facts.tokenizer import FAST_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

PLACEHOLDERS = ("image", "video", "audio", "vision", "img", "soft_token")


@rule(since="0.1.0")
def check(config: ModelConfig, tokenizer: Tokenizer, modules: Modules | Unknown) -> Findings:
    """Compare with the stored rows, or with vocab_size where there are none."""
    rows = _rows(config, modules)
    if tokenizer.ids is None or rows is None:
        return
    beyond = {token: number for token, number in tokenizer.ids.items() if number >= rows}
    if not beyond:
        return
    token, number = max(beyond.items(), key=lambda item: item[1])
    yield Found(
        where=Where(file=FAST_FILE),
        message=f"{len(beyond)} tokens have no row: the embedding has {rows:,}, "
        f"{token!r:.60} has id {number:,}",
        fix="resize the embeddings with the tokenizer, or take the base model's tokenizer",
        severity=_severity(beyond, tokenizer.settings.get("pad_token")),
    )


def _rows(config: ModelConfig, modules: Modules | Unknown) -> int | None:
    if not isinstance(modules, Unknown):
        tables = [m.shape[0] for m in modules if m.component == EMBEDDINGS and m.shape]
        if tables:
            return max(tables)
    size = config.get("vocab_size")
    return size if type(size) is int else None


def _severity(beyond: dict[str, int], pad: object) -> str | None:
    left = [token for token in beyond if not any(word in token for word in PLACEHOLDERS)]
    if not left:
        return "info"
    content = pad.get("content") if isinstance(pad, dict) else pad
    return "warning" if left == [content] else None
