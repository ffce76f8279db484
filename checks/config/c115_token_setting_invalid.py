"""A special token's id or name does not exist.

What it checks: bos, eos, pad and placeholder ids in config.json and generation_config.json are
    ids of the vocabulary (one, a list, or null), and a placeholder is no ordinary word, nor that of
    another kind of input, be it stated or the one that readers take for a key that is missing; the
    tokens that tokenizer_config.json names are in the tokenizer; those that tokenizer.json puts
    around every text have their own ids there; some file says where generation ends, and the end of
    turn that the chat template writes is a token, and among the ends.
Why it matters: with a wrong eos, generation never stops; with a wrong image id, images are ignored.
How to fix: take the ids from the base model's files, or from tokenizer.json.
Seen in: llm-compressor #2153.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from release.architecture import ModelConfig
from release.facts.documents import GENERATION, Documents
from release.facts.known import READERS, Known
from release.facts.misfits import Misfits
from release.facts.tokenizer import FAST_FILE, SETTINGS_FILE, TURN_ENDS, Tokenizer
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

CONFIG = "config.json"
SPECIAL = ("bos_token_id", "eos_token_id", "pad_token_id")
NAMED = ("eos_token", "bos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
LISTS = ("additional_special_tokens", "extra_special_tokens")
PLACEHOLDERS = ("image_token_id", "video_token_id", "audio_token_id")
MARKS = (
    *PLACEHOLDERS,
    *(key.replace("_id", "_index") for key in PLACEHOLDERS),
    *("vision_start_token_id", "vision_end_token_id", "boi_token_index", "eoi_token_index"),
)
OPENING = ("<", "[", "|", "\uff5c")  # what begins a token that is no word, in any tokenizer
INPUTS = ("image", "video", "audio")
FIX = "take the id from the base model's file, or from tokenizer.json"


@rule(since="0.1.0")
def check(
    config: ModelConfig,
    tokenizer: Tokenizer,
    documents: Documents,
    misfits: Misfits | Unknown,
    known: Known,
) -> Findings:
    """Judge ids, then names, then whether generation can end."""
    size = config.get("vocab_size")
    upper = size if type(size) is int and size >= 0 else None
    if isinstance(misfits, Misfits) and misfits.vocab_rows is not None:
        upper = misfits.vocab_rows  # vocab_size is wrong, which C106 says
    for file, path, value in _settings(config, documents):
        yield from _judge(Where(file=file, path=path), value, upper)
    yield from _marks(config, tokenizer, upper)
    yield from _unmentioned(config, tokenizer, known, upper)
    generation = documents.values.get(GENERATION, {})
    ends = _ids(generation.get("eos_token_id")) or _ids(config.get("eos_token_id"))
    eos = _content(tokenizer.settings.get("eos_token"))
    yield from _names(tokenizer)
    yield from _inserted(tokenizer)
    yield from _foreign_turns(tokenizer, eos)
    if not ends and eos is None and tokenizer.ids is not None:
        message = "no file says which token ends a text"
        yield Found(Where(file=GENERATION, path="eos_token_id"), message, FIX, severity="warning")
    number = (tokenizer.ids or {}).get(eos or "")
    written = eos is not None and any(eos in text for text in tokenizer.templates.values())
    if ends and number is not None and number not in ends and written:
        where = GENERATION if "eos_token_id" in generation else CONFIG
        yield Found(
            where=Where(file=where, path="eos_token_id"),
            message=f"{ends} lacks {number}, the id of {eos!r:.40}, with which the chat template "
            "ends a turn",
            fix=f"add {number} to the list",
            severity="warning",
        )


def _settings(config: ModelConfig, documents: Documents) -> Iterator[tuple[str, str, Any]]:
    for key in SPECIAL + PLACEHOLDERS:
        yield CONFIG, key, config.raw.get(key)
        if config.text_path:
            yield CONFIG, f"{config.text_path}{key}", config.text.get(key)
    for key in SPECIAL:
        yield GENERATION, key, documents.values.get(GENERATION, {}).get(key)


def _judge(where: Where, value: Any, upper: int | None) -> Findings:
    key = (where.path or "").rpartition(".")[2]
    for number in value if isinstance(value, list) else [value]:
        if number is None:
            continue
        if type(number) is not int:
            yield Found(where, f"{number!r:.40} is not a token id", FIX)
        elif number < 0 and key in SPECIAL:
            severity = None if key == "eos_token_id" else "warning"
            yield Found(where, f"{number} is not the id of a token", "write null", severity)
        elif upper is not None and number >= upper:
            severity = "warning" if key in PLACEHOLDERS else None
            message = f"id {number} is beyond the vocabulary of {upper:,}"
            yield Found(where, message, FIX, severity)


def _marks(config: ModelConfig, tokenizer: Tokenizer, upper: int | None) -> Findings:
    """Ids where images and sounds are put in: words that any text holds, or another input's."""
    found = {key: config.raw.get(key) for key in MARKS}
    given = {key: number for key, number in found.items() if type(number) is int}
    texts = {number: token for token, number in (tokenizer.ids or {}).items()} if given else {}
    for key, number in given.items():
        token = texts.get(number)
        where, kind = Where(file=CONFIG, path=key), key.partition("_")[0]
        if token is None:
            if texts and upper is not None and 0 <= number < upper:
                yield Found(where, f"id {number} is no token of tokenizer.json", FIX, "warning")
            continue
        if token not in tokenizer.added and not token.startswith(OPENING):
            yield Found(where, f"id {number} is {token!r:.40}, an ordinary piece of text", FIX)
        elif kind in INPUTS and kind not in token.lower() and _other_input(token, kind):
            yield Found(where, f"id {number} is {token!r:.40}, of another input", FIX, "warning")


def _unmentioned(
    config: ModelConfig, tokenizer: Tokenizer, known: Known, upper: int | None
) -> Findings:
    """Placeholders of inputs that the model has and config.json gives no id for."""
    towers = {"audio": isinstance(config.raw.get("audio_config"), dict)}
    for key, number in known.placeholders.get(config.model_type, {}).items():
        if key in config.raw or not towers.get(key.partition("_")[0], config.vision is not None):
            continue
        token = next((t for t, i in (tokenizer.ids or {}).items() if i == number), None)
        beyond = upper is not None and number >= upper
        word = token and token not in tokenizer.added and not token.startswith(OPENING)
        if beyond or word:
            what = f"beyond the vocabulary of {upper:,}" if beyond else f"the word {token!r:.40}"
            message = f"it is missing: {READERS} take {number:,}, {what}"
            yield Found(Where(file=CONFIG, path=key), message, FIX, "warning" if beyond else None)


def _other_input(token: str, kind: str) -> bool:
    return any(other in token.lower() for other in INPUTS if other != kind)


def _foreign_turns(tokenizer: Tokenizer, eos: str | None) -> Findings:
    """Templates that end turns with another model's token, and nowhere with the end of texts."""
    for place, text in tokenizer.templates.items():
        written = [token for token in TURN_ENDS if token in text]
        own = not written or "eos_token" in text or (eos is not None and eos in text)
        if tokenizer.ids and not own and tokenizer.ids.keys().isdisjoint(written):
            what = f"it ends turns with {written[0]!r}, which is no token of tokenizer.json"
            fix = "take template and tokenizer from one model"
            yield Found(Where(file=place.partition(":")[0]), what, fix, "warning")


def _inserted(tokenizer: Tokenizer) -> Findings:
    for token, number in ((each.token, each.number) for each in tokenizer.inserted):
        own = (tokenizer.ids or {}).get(token)
        if tokenizer.ids and own != number:
            has = "is no token" if own is None else f"has id {own:,}"
            what = f"it puts id {number:,} into every text for {token!r:.40}, which {has}"
            yield Found(Where(file=FAST_FILE, path="post_processor"), what, FIX)


def _names(tokenizer: Tokenizer) -> Findings:
    listed = tokenizer.settings.get("added_tokens_decoder")
    later = {_content(v) for v in listed.values()} if isinstance(listed, dict) else set()
    for key, token in _named(tokenizer.settings):
        if token and tokenizer.ids and token not in tokenizer.ids and token not in later:
            yield Found(
                where=Where(file=SETTINGS_FILE, path=key),
                message=f"{token!r:.60} is not a token of tokenizer.json",
                fix="name a token that exists, or add it to the tokenizer and the embedding",
                severity=None if key == "eos_token" else "warning",
            )


def _named(settings: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for key in NAMED:
        yield key, _content(settings.get(key))
    for key in LISTS:
        value = settings.get(key)
        entries = value.values() if isinstance(value, dict) else value
        for entry in entries if isinstance(entries, Iterable) else ():
            yield key, _content(entry)


def _ids(value: Any) -> list[int]:
    return [n for n in (value if isinstance(value, list) else [value]) if type(n) is int]


def _content(token: Any) -> str | None:
    """A special token's text; older files write it as an object."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None
