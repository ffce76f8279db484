"""tokenizer.json as the `tokenizers` library demands it: what it refuses, and which ids it gives.

The tables are those of tokenizers 0.23, held to the library by a differential test.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import msgspec

PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "normalizer": {
        "BertNormalizer": ("clean_text", "handle_chinese_chars", "lowercase"),
        "ByteLevel": (),
        "Lowercase": (),
        "NFC": (),
        "NFD": (),
        "NFKC": (),
        "NFKD": (),
        "Nmt": (),
        "Precompiled": ("precompiled_charsmap",),
        "Prepend": ("prepend",),
        "Replace": ("pattern", "content"),
        "Sequence": ("normalizers",),
        "Strip": ("strip_left", "strip_right"),
        "StripAccents": (),
    },
    "pre_tokenizer": {
        "BertPreTokenizer": (),
        "ByteLevel": ("add_prefix_space", "trim_offsets"),
        "CharDelimiterSplit": ("delimiter",),
        "Digits": ("individual_digits",),
        "FixedLength": (),
        "Metaspace": ("replacement",),
        "Punctuation": (),
        "Sequence": ("pretokenizers",),
        "Split": ("pattern", "behavior", "invert"),
        "UnicodeScripts": (),
        "Whitespace": (),
        "WhitespaceSplit": (),
    },
    "post_processor": {
        "BertProcessing": ("sep", "cls"),
        "ByteLevel": ("add_prefix_space", "trim_offsets"),
        "RobertaProcessing": ("sep", "cls"),
        "Sequence": ("processors",),
        "TemplateProcessing": ("single", "pair", "special_tokens"),
    },
    "decoder": {
        "BPEDecoder": ("suffix",),
        "ByteFallback": (),
        "ByteLevel": ("add_prefix_space", "trim_offsets"),
        "CTC": ("pad_token", "word_delimiter_token", "cleanup"),
        "Fuse": (),
        "Metaspace": ("replacement",),
        "Replace": ("pattern", "content"),
        "Sequence": ("decoders",),
        "Strip": ("content", "start", "stop"),
        "WordPiece": ("prefix", "cleanup"),
    },
    "truncation": {"": ("max_length", "strategy", "stride")},
    "padding": {"": ("strategy", "pad_id", "pad_type_id", "pad_token")},
}
"""For each part the types it may have, and the keys that each type must have."""

NESTED = ("normalizers", "pretokenizers", "processors", "decoders")
VERSION = "1.0"
TOKEN_KEYS = ("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special")
DEEPEST = 20
BLANK, BLANK_OF_OTHERS = "\u0120", "\u2581"  # as a byte, and as SentencePiece writes it
WRITTEN = 0.05  # of the tokens
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class Model(msgspec.Struct, frozen=True):
    """The algorithm and its vocabulary; `merges` are pairs, or older files' `a b`."""

    vocab: Any
    type: Any = None
    merges: msgspec.Raw = msgspec.Raw()
    unk_token: Any = None
    unk_id: Any = None
    continuing_subword_prefix: Any = None


class FastFile(msgspec.Struct, frozen=True):
    """What is read of tokenizer.json."""

    model: Model
    added_tokens: Any = ()
    version: Any = VERSION
    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    decoder: Any = None
    truncation: Any = None
    padding: Any = None


class Unreached(msgspec.Struct, frozen=True):
    """Tokens of more than one character that no merge makes, and of how many there are."""

    count: int
    of: int


class Refusal(msgspec.Struct, frozen=True):
    """What the library refuses: the path inside tokenizer.json, and why."""

    path: str
    what: str


Pairs = list[tuple[str, str]] | Refusal


def refusals(file: FastFile, pairs: Pairs | None = None) -> tuple[Refusal, ...]:
    """List what stops the library from loading a file whose vocabulary can be read.

    `pairs` are its merges, if they have been read already.
    """
    model = _model(file.model, pairs)
    return (*_version(file.version), *_parts(file), *_added(file.added_tokens), *model)


def assigned_ids(file: FastFile, vocabulary: dict[str, int]) -> dict[str, int]:
    """Give the id that the library gives each added token; it does not read the ones stated.

    A token of the vocabulary keeps its id, others follow the vocabulary in their order.
    """
    ids: dict[str, int] = {}
    following = len(vocabulary)
    for token in file.added_tokens or ():
        content = token["content"]
        if content and content not in ids:
            ids[content] = vocabulary.get(content, following)
            following = max(following, ids[content] + 1)
    return ids


def _version(version: Any) -> Iterator[Refusal]:
    if version != VERSION:
        yield Refusal("version", f"is {version!r:.40}, not {VERSION!r}")


def _parts(file: FastFile) -> Iterator[Refusal]:
    for name, types in PARTS.items():
        value = getattr(file, name)
        if value is not None:
            yield from _part(name, value, types, 0)


def _part(
    path: str, value: Any, types: dict[str, tuple[str, ...]], depth: int
) -> Iterator[Refusal]:
    if not isinstance(value, dict):
        yield Refusal(path, f"is {value!r:.40}, not an object")
        return
    kind = "" if "" in types else value.get("type")
    if kind is None and value:
        return  # older files name no type: the library guesses it from the keys
    if not isinstance(kind, str) or kind not in types:
        yield Refusal(f"{path}.type", f"{kind!r:.40} is no type that the library has")
        return
    missing = [key for key in types[kind] if key not in value]
    if missing:
        yield Refusal(path, f"{kind or 'it'} lacks {missing[0]!r}")
    for key in NESTED:
        inner = value.get(key) if key in types[kind] else None
        if isinstance(inner, list) and depth < DEEPEST:
            for place, each in enumerate(inner):
                yield from _part(f"{path}.{key}.{place}", each, types, depth + 1)


def _added(tokens: Any) -> Iterator[Refusal]:
    if tokens is None:
        yield Refusal("added_tokens", "is null, not a list")
    for place, token in enumerate(tokens or ()):
        missing = [key for key in TOKEN_KEYS if key not in token]
        if missing:
            yield Refusal(f"added_tokens.{place}", f"lacks {missing[0]!r}")
            return


def _model(model: Model, pairs: Pairs | None) -> Iterator[Refusal]:
    if isinstance(model.vocab, list):
        number = model.unk_id
        if number is not None and not (type(number) is int and 0 <= number < len(model.vocab)):
            yield Refusal("model.unk_id", f"{number!r:.40} is no place in the vocabulary")
    elif model.type in {"WordLevel", "WordPiece"} and not isinstance(model.unk_token, str):
        yield Refusal("model.unk_token", f"{model.type} lacks it")
    elif model.type == "BPE" or (model.type is None and model.merges):
        yield from _merges(model, read_merges(model) if pairs is None else pairs)


def _merges(model: Model, pairs: Pairs) -> Iterator[Refusal]:
    """Every merge joins two tokens of the vocabulary to a third."""
    if isinstance(pairs, Refusal):
        yield pairs
        return
    prefix = model.continuing_subword_prefix
    cut = len(prefix) if isinstance(prefix, str) else 0
    known = model.vocab.__contains__
    # As three passes without a loop of ours: there are hundreds of thousands.
    firsts, seconds = map(itemgetter(0), pairs), map(itemgetter(1), pairs)
    joined = [first + second[cut:] for first, second in pairs]
    if all(map(known, joined)) and all(map(known, firsts)) and all(map(known, seconds)):
        return
    for place, (pair, third) in enumerate(zip(pairs, joined, strict=True)):
        lost = next((token for token in (*pair, third) if not known(token)), None)
        if lost is not None:
            what = f"{list(pair)!r:.60} needs {lost!r:.40}, no token of the vocabulary"
            yield Refusal(f"model.merges.{place}", what)
            return


def read_merges(model: Model) -> Pairs:
    """Read merges as pairs; older files have each as one text, parted by a blank."""
    merges = model.merges
    try:
        return msgspec.json.decode(merges, type=list[tuple[str, str]])
    except msgspec.DecodeError:
        pass
    try:
        texts = msgspec.json.decode(merges, type=list[str])
    except msgspec.DecodeError:
        return Refusal("model.merges", "is no list of pairs of tokens")
    pairs = []
    for place, text in enumerate(texts):
        first, blank, second = text.partition(" ")
        if not blank or " " in second:
            return Refusal(f"model.merges.{place}", f"{text!r:.40} is not a pair of tokens")
        pairs.append((first, second))
    return pairs


def unreached(file: FastFile, pairs: Pairs) -> Unreached | None:
    """Count the tokens of a BPE that no text is ever cut into; None for other algorithms.

    Bytes written out (`<0x0A>`) are there by another way, and so are added tokens.
    """
    model = file.model
    if model.type != "BPE" or isinstance(pairs, Refusal) or model.continuing_subword_prefix:
        return None
    made = {first + second for first, second in pairs}
    long = [token for token in model.vocab if len(token) > 1]
    lost = {token for token in long if token not in made and not _BYTE.fullmatch(token)}
    return Unreached(len(lost - {token["content"] for token in file.added_tokens or ()}), len(long))


def garbled(file: FastFile) -> tuple[str, ...]:
    """Name the parts that leave the characters that stand for bytes to themselves.

    Empty where the vocabulary is not written in them: few of its tokens begin with a blank then,
    which others write as another sign. Maltese has the letter too.
    """
    model = file.model
    if model.type != "BPE" or BLANK_OF_OTHERS in model.vocab:
        return ()
    if sum(token.startswith(BLANK) for token in model.vocab) < WRITTEN * len(model.vocab):
        return ()
    cut = _has_bytes(file.normalizer) or _has_bytes(file.pre_tokenizer)
    joined = _has_bytes(file.decoder)
    return tuple(name for name, found in (("pre_tokenizer", cut), ("decoder", joined)) if not found)


def _has_bytes(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    inner = (each for key in NESTED for each in part.get(key) or ())
    # Older files name no type.
    return part.get("type", "ByteLevel") == "ByteLevel" or any(map(_has_bytes, inner))
