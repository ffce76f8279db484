"""The tokenizer and the chat template, read as data: no library runs them here."""

from collections import Counter
from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import HEAD_BYTES, INSTEAD, kind_of
from release.errors import CheckpointError, Fault
from release.facts.inserted import Inserted, inserted_tokens
from release.facts.tokenizer_format import (
    FastFile,
    Refusal,
    Unreached,
    assigned_ids,
    garbled,
    read_merges,
    refusals,
    unreached,
)

FAST_FILE, SETTINGS_FILE = "tokenizer.json", "tokenizer_config.json"
OTHER_FILES = ("tokenizer.model", "vocab.json", "spiece.model", "tekken.json", "tokenizer.tiktoken")
TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json")
TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|eot|>", "<|end|>", "<end_of_turn>", "<turn|>")
MORE_TEMPLATES = "additional_chat_templates/"
TOKENIZER_CAP = 256 << 20


class Vocabulary(msgspec.Struct, frozen=True):
    """What is in tokenizer.json, by the names that `Tokenizer` has for it."""

    ids: dict[str, int] | None = None
    added: frozenset[str] = frozenset()
    kind: str | None = None
    repeated: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    moved: dict[str, int] = {}
    unreached: Unreached | None = None
    garbled: tuple[str, ...] = ()
    inserted: tuple[Inserted, ...] = ()


class Tokenizer(msgspec.Struct, frozen=True):
    """What the tokenizer's files hold.

    `files` are those present; `ids` maps every token, added ones too, to its id, and is None
    where only a binary tokenizer exists; `problems` name what could not be read. `kind` is the
    algorithm that tokenizer.json names, `repeated` the ids that its vocabulary gives twice,
    `refusals` what the library refuses of the file, `moved` the added tokens to which it gives
    another id than the file states, `unreached` the tokens that no merge makes, `garbled` the
    parts that leave the characters of bytes as they are, `inserted` what is put around every text.
    `templates` are by place: a file, or
    `tokenizer_config.json: name` for one of several there.
    """

    files: tuple[str, ...]
    ids: dict[str, int] | None
    added: frozenset[str]
    settings: dict[str, Any]
    templates: dict[str, str]
    problems: tuple[CheckpointError, ...]
    kind: str | None = None
    repeated: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    moved: dict[str, int] = {}
    unreached: Unreached | None = None
    garbled: tuple[str, ...] = ()
    inserted: tuple[Inserted, ...] = ()


def provide_tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    """Read tokenizer.json, tokenizer_config.json and the chat template."""
    problems: list[CheckpointError] = []
    settings = _settings(checkpoint, problems)
    found = _vocabulary(checkpoint, problems) or Vocabulary()
    return Tokenizer(
        files=tuple(name for name in (FAST_FILE, *OTHER_FILES) if name in checkpoint.files),
        ids=found.ids,
        added=found.added,
        settings=settings,
        templates=_templates(checkpoint, settings, problems),
        problems=tuple(problems),
        kind=found.kind,
        repeated=found.repeated,
        refusals=found.refusals,
        moved=found.moved,
        unreached=found.unreached,
        garbled=found.garbled,
        inserted=found.inserted,
    )


def _settings(checkpoint: Checkpoint, problems: list[CheckpointError]) -> dict[str, Any]:
    if SETTINGS_FILE not in checkpoint.files:
        return {}
    try:
        return checkpoint.read_document(SETTINGS_FILE).value
    except CheckpointError as error:
        problems.append(error)
        return {}


def _vocabulary(checkpoint: Checkpoint, problems: list[CheckpointError]) -> Vocabulary | None:
    if FAST_FILE not in checkpoint.files:
        return None
    try:
        size = checkpoint.files[FAST_FILE].size
        if size > TOKENIZER_CAP:
            raise CheckpointError(FAST_FILE, f"is {size:,} bytes, more than any tokenizer needs")
        # msgspec reads a 20 MB vocabulary in a tenth of json's time.
        raw = checkpoint.source.read(FAST_FILE, 0, size)
        if not raw or kind_of(raw[:HEAD_BYTES]) in INSTEAD:
            raise CheckpointError(FAST_FILE, "is not the file", fault=Fault.NOT_WEIGHTS)
        found = _found(msgspec.json.decode(raw, type=FastFile))
    except CheckpointError as error:
        problems.append(error)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError):
        what = "does not have the structure of a tokenizer"
        problems.append(CheckpointError(FAST_FILE, what, "save the tokenizer again"))
    except (ValueError, RecursionError) as error:
        what = f"is not JSON: {error}"
        problems.append(CheckpointError(FAST_FILE, what, "save the tokenizer again"))
    else:
        return found
    return None


def _found(file: FastFile) -> Vocabulary:
    ids = _ids_of(file.model.vocab)
    tokens = file.added_tokens or []
    added = {str(token["content"]): int(token["id"]) for token in tokens}
    given = assigned_ids(file, ids)
    kind, pairs = file.model.type, read_merges(file.model)
    refused = refusals(file, pairs)
    return Vocabulary(
        ids=ids | added,
        added=frozenset(added),
        kind=kind and str(kind),
        repeated=tuple(number for number, times in Counter(ids.values()).items() if times > 1),
        refusals=refused,
        moved={token: given[token] for token in given if given[token] != added[token]},
        unreached=None if refused else unreached(file, pairs),
        garbled=() if refused else garbled(file),
        inserted=tuple(dict.fromkeys(inserted_tokens(file.post_processor))),
    )


def _ids_of(vocab: Any) -> dict[str, int]:
    if isinstance(vocab, list):  # Unigram: a list of [token, score]
        return {str(entry[0]): position for position, entry in enumerate(vocab)}
    if not all(type(number) is int and number >= 0 for number in vocab.values()):
        raise TypeError
    return dict(vocab)


def _templates(
    checkpoint: Checkpoint, settings: dict[str, Any], problems: list[CheckpointError]
) -> dict[str, str]:
    templates: dict[str, str] = {}
    more = [file for file in checkpoint.files if file.startswith(MORE_TEMPLATES)]
    for file in (*TEMPLATE_FILES, *(file for file in more if file.endswith(".jinja"))):
        if file in checkpoint.files:
            try:
                is_json = file.endswith(".json")
                text = (
                    checkpoint.read_document(file).value.get("chat_template", "")
                    if is_json
                    else checkpoint.read_text(file)
                )
            except CheckpointError as error:
                problems.append(error)
            else:
                templates[file] = str(text)
    inline = settings.get("chat_template")
    if isinstance(inline, str):
        templates[SETTINGS_FILE] = inline
    for entry in inline if isinstance(inline, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("template"), str):
            templates[f"{SETTINGS_FILE}: {entry.get('name')!s:.40}"] = entry["template"]
    return templates
