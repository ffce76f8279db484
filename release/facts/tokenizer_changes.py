"""The tokenizer against the base's, by meaning: what another spelling leaves equal is equal."""

from collections.abc import Iterator
from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError
from release.facts.tokenizer import FAST_FILE, OTHER_FILES, TOKENIZER_CAP, Tokenizer
from release.unknown import Unknown

VOCABULARY, MERGES, ADDED, SPECIAL = "vocabulary", "merges", "added tokens", "special tokens"
FLAGS = {"special": False, "lstrip": True, "rstrip": True, "single_word": True, "normalized": True}
"""What an added token says of itself, and the value that transformers never makes of another one:
it calls tokens special that a setting names, and leaves out how these strip."""

STEPS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
TOKENS = ("bos_token", "eos_token", "unk_token")
CHUNK = 1 << 20

# What the library takes for granted, so that files of older versions need not say it.
DEFAULTS = {"use_regex": True, "prepend_scheme": "always", "split": True}
WITHOUT_MEANING = {"trim_offsets", "dropout"}
NOTHING: tuple[Any, ...] = (None, False, "")
OF_THE_MODEL = {"vocab", "merges"}


class TokenizerChange(msgspec.Struct, frozen=True):
    """One part of a tokenizer that is not the base's."""

    file: str
    part: str
    what: str


def provide_tokenizer_changes(
    checkpoint: Checkpoint, base: Checkpoint, tokenizer: Tokenizer, base_tokenizer: Tokenizer
) -> tuple[TokenizerChange, ...] | Unknown:
    """Compare the files that both have; Unknown where they have none in common."""
    common = [file for file in tokenizer.files if file in base_tokenizer.files]
    if not common and tokenizer.files and base_tokenizer.files:
        return Unknown(f"tokenizers: {tokenizer.files[0]} here, {base_tokenizer.files[0]} there")
    changes = list(_special_tokens(tokenizer, base_tokenizer))
    try:
        if FAST_FILE in common:
            ours, theirs = _parse(checkpoint), _parse(base)
            changes += _fast(ours, theirs)
            changes += _flags(_added_tokens(ours), _added_tokens(theirs), base_tokenizer)
        elif common:
            changes += _binary(checkpoint, base, [f for f in OTHER_FILES if f in common])
    except CheckpointError as error:
        return Unknown(str(error))
    return tuple(changes)


def _parse(checkpoint: Checkpoint) -> dict[str, Any]:
    """tokenizer.json as an object of objects. Raises `CheckpointError`."""
    size = checkpoint.files[FAST_FILE].size
    if size <= TOKENIZER_CAP:
        try:
            value = msgspec.json.decode(checkpoint.source.read(FAST_FILE, 0, size))
        except (msgspec.DecodeError, RecursionError):
            value = None
        if isinstance(value, dict) and isinstance(value.get("model"), dict):
            return value
    raise CheckpointError(FAST_FILE, "is not a tokenizer that can be compared")


def _fast(ours: dict[str, Any], base: dict[str, Any]) -> Iterator[TokenizerChange]:
    model, base_model = ours["model"], base["model"]
    yield from _vocabulary(_ids(model.get("vocab")), _ids(base_model.get("vocab")))
    merges, base_merges = _merges(model), _merges(base_model)
    if merges != base_merges:
        pairs = zip(merges, base_merges, strict=False)
        first = next(
            (i for i, (a, b) in enumerate(pairs) if a != b), min(len(merges), len(base_merges))
        )
        what = f"{len(merges):,} merges, {len(base_merges):,} in the base; number {first:,} differs"
        yield TokenizerChange(FAST_FILE, MERGES, what)
    rest, base_rest = (
        {key: value for key, value in part.items() if key not in OF_THE_MODEL}
        for part in (model, base_model)
    )
    yield from _step("model", rest, base_rest)
    for step in STEPS:
        yield from _step(step, ours.get(step), base.get(step))
    yield from _added(_added_tokens(ours), _added_tokens(base))


def _vocabulary(ours: dict[str, Any], base: dict[str, Any]) -> Iterator[TokenizerChange]:
    if ours == base:
        return
    differing = [token for token in base if ours.get(token) != base[token]]
    extra = [token for token in ours if token not in base]
    token = (differing or extra)[0]
    what = (
        f"{len(differing) + len(extra):,} tokens have another id or are on one side only: "
        f"{token!r:.40} is {ours.get(token)} here, {base.get(token)} in the base"
    )
    yield TokenizerChange(FAST_FILE, VOCABULARY, what)


def _added(ours: dict[str, Any], base: dict[str, Any]) -> Iterator[TokenizerChange]:
    lost = [token for token in base if token not in ours]
    if lost:
        what = f"{len(lost):,} are lost, the first is {lost[0]!r:.40}"
        yield TokenizerChange(FAST_FILE, ADDED, what)
    for token, entry in base.items():
        if token in ours and ours[token].get("id") != entry.get("id"):
            what = f"{token!r:.40} is {ours[token].get('id')} here, {entry.get('id')} in the base"
            yield TokenizerChange(FAST_FILE, ADDED, what)
            return


def _flags(
    ours: dict[str, Any], base: dict[str, Any], base_tokenizer: Tokenizer
) -> Iterator[TokenizerChange]:
    """Name flags that saving it again does not change; the base's settings are read over its file.

    A token that is no longer special is printed; the others decide what texts are split into.
    """
    stated = base_tokenizer.settings.get("added_tokens_decoder")
    settings = _contents(list(stated.values()) if isinstance(stated, dict) else [])
    for flag, made in FLAGS.items():
        changed = [
            token
            for token in base.keys() & ours.keys()
            if ours[token].get(flag) is made and base[token].get(flag) is (not made)
            if settings.get(token, {}).get(flag) is not made
        ]
        if changed:
            tokens = f"{min(changed)!r:.40}" + (
                f" and {len(changed) - 1:,} more" * (len(changed) > 1)
            )
            what = f"{flag} is {str(made).lower()} here, and not in the base, of {tokens}"
            yield TokenizerChange(FAST_FILE, ADDED if made else SPECIAL, what)


def _step(name: str, ours: Any, base: Any) -> Iterator[TokenizerChange]:
    ours, base = _plain(ours), _plain(base)
    if ours != base:
        yield TokenizerChange(FAST_FILE, name, _difference(ours, base))


def _difference(ours: Any, base: Any) -> str:
    """Say in which setting two steps of one kind differ, or which kinds they are."""
    if isinstance(ours, dict) and isinstance(base, dict) and ours.get("type") == base.get("type"):
        keys = sorted(ours.keys() | base.keys())
        key = next(key for key in keys if ours.get(key) != base.get(key))
        return f"{key} is {_short(ours.get(key))} here, {_short(base.get(key))} in the base"
    return f"is {_short(ours)} here, {_short(base)} in the base"


def _plain(value: Any) -> Any:
    """Leave out what says nothing: nulls, false, defaults, a sequence of one."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _plain(item)
        for key, item in value.items()
        if item not in NOTHING and key not in WITHOUT_MEANING and DEFAULTS.get(key, ...) != item
    }
    if kept.get("type") == "Sequence":
        parts = next((item for item in kept.values() if isinstance(item, list)), [])
        return parts[0] if len(parts) == 1 else kept
    return kept


def _short(value: Any) -> str:
    kind = value.get("type", value) if isinstance(value, dict) else value
    return f"{kind!s:.60}" if value else "none"


def _ids(vocab: Any) -> dict[str, Any]:
    """Token to id; of Unigram, token to its place and score."""
    if isinstance(vocab, list):
        return {str(entry[0]): (i, *entry[1:]) for i, entry in enumerate(vocab) if entry}
    return vocab if isinstance(vocab, dict) else {}


def _merges(model: dict[str, Any]) -> list[Any]:
    """Pairs; older files write them as one string."""
    merges = model.get("merges")
    if not isinstance(merges, list):
        return []
    return [m.split(" ", 1) if isinstance(m, str) else m for m in merges]


def _added_tokens(tokenizer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return _contents(tokenizer.get("added_tokens"))


def _contents(tokens: Any) -> dict[str, dict[str, Any]]:
    """Added tokens by what they stand for."""
    listed = tokens if isinstance(tokens, list) else []
    return {str(token.get("content")): token for token in listed if isinstance(token, dict)}


def _special_tokens(ours: Tokenizer, base: Tokenizer) -> Iterator[TokenizerChange]:
    for key in TOKENS:
        token, base_token = (_content(t.settings.get(key)) for t in (ours, base))
        if token is not None and base_token is not None and token != base_token:
            what = f"is {token!r:.40} here, {base_token!r:.40} in the base"
            yield TokenizerChange("tokenizer_config.json", key, what)


def _content(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token


def _binary(ours: Checkpoint, base: Checkpoint, files: list[str]) -> Iterator[TokenizerChange]:
    for file in files:
        if not _same_bytes(ours, base, file):
            yield TokenizerChange(file, "content", "is not the base's file")


def _same_bytes(ours: Checkpoint, base: Checkpoint, file: str) -> bool:
    size = ours.files[file].size
    return size == base.files[file].size and all(
        ours.source.read(file, start, CHUNK) == base.source.read(file, start, CHUNK)
        for start in range(0, size, CHUNK)
    )
