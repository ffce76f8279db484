"""Files that repeat what tokenizer.json says: who reads them, and where they say something else."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError, Fault
from release.facts.documents import ADDED_TOKENS, SPECIAL_TOKENS, Documents
from release.facts.tokenizer import SETTINGS_FILE, TOKENIZER_CAP, Tokenizer

VOCABULARY = "vocab.json"
LISTED = "added_tokens_decoder"


class Copy(msgspec.Struct, frozen=True):
    """A token in a file beside tokenizer.json: what is said of it there, and what here."""

    file: str
    path: str
    token: str
    there: str
    here: str


class Copies(msgspec.Struct, frozen=True):
    """Where copies differ, and those that cannot be read."""

    differ: tuple[Copy, ...]
    problems: tuple[CheckpointError, ...]


def provide_tokenizer_copies(
    checkpoint: Checkpoint, tokenizer: Tokenizer, documents: Documents
) -> Copies:
    """Compare ids of tokens, then the names of special tokens; nothing without tokenizer.json."""
    problems = [
        documents.problems[f] for f in (ADDED_TOKENS, SPECIAL_TOKENS) if f in documents.problems
    ]
    if tokenizer.ids is None:
        return Copies((), tuple(problems))
    vocabulary = _vocabulary(checkpoint, problems)
    differ = [
        *_ids(VOCABULARY, vocabulary, tokenizer.ids),
        *_ids(ADDED_TOKENS, documents.values.get(ADDED_TOKENS, {}), tokenizer.ids),
        *_listed(tokenizer),
        *_names(documents.values.get(SPECIAL_TOKENS, {}), tokenizer.settings),
    ]
    return Copies(tuple(differ), tuple(problems))


def text_of(token: Any) -> str | None:
    """A special token's text; older files write it as an object."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None


def _vocabulary(checkpoint: Checkpoint, problems: list[CheckpointError]) -> Mapping[str, Any]:
    info = checkpoint.files.get(VOCABULARY)
    if info is None or not 0 < info.size <= TOKENIZER_CAP:
        return {}
    try:
        raw = checkpoint.source.read(VOCABULARY, 0, info.size)
        value = msgspec.json.decode(raw)
    except CheckpointError as error:
        problems.append(error)
        return {}
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        problems.append(CheckpointError(VOCABULARY, "is not JSON", fault=Fault.CONFIG))
        return {}
    return value if isinstance(value, dict) else {}


def _ids(file: str, said: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[Copy]:
    for token, number in said.items():
        known = ids.get(token)
        if known is not None and number != known:
            yield Copy(file, "", token, f"id {number!r:.20}", f"id {known}")


def _listed(tokenizer: Tokenizer) -> Iterator[Copy]:
    listed, ids = tokenizer.settings.get(LISTED), tokenizer.ids or {}
    for number, value in listed.items() if isinstance(listed, dict) else ():
        token = text_of(value)
        if token in ids and str(ids[token]) != number:
            place = f"{LISTED}.{number:.20}"
            yield Copy(SETTINGS_FILE, place, token, f"id {number:.20}", f"id {ids[token]}")


def _names(said: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Copy]:
    for key, value in said.items():
        there, here = text_of(value), text_of(settings.get(key))
        if there is not None and here is not None and there != here:
            yield Copy(SPECIAL_TOKENS, key, key, repr(there)[:60], repr(here)[:60])
