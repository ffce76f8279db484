"""What the tokenizers library refuses of tokenizer.json, and the ids it gives, against ours."""

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors

from release.facts.tokenizer_format import PARTS, FastFile, assigned_ids, refusals
from tests.conftest import CHECKPOINTS

pytestmark = pytest.mark.reference
RAW = (CHECKPOINTS / "llama-nvfp4" / "tokenizer.json").read_bytes()
MADE: dict[str, Any] = {
    "normalizer": normalizers,
    "pre_tokenizer": pre_tokenizers,
    "post_processor": processors,
    "decoder": decoders,
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "Prepend": ("x",),
    "Replace": ("a", "b"),
    "CharDelimiterSplit": ("x",),
    "Split": ("a", "isolated"),
    "BertProcessing": (("a", 1), ("b", 2)),
    "RobertaProcessing": (("a", 1), ("b", 2)),
    "Sequence": ([],),
}
# Base classes, a map of theirs, and what needs a compiled table of a real model.
NO_PARTS = {"Normalizer", "PreTokenizer", "PostProcessor", "Decoder", "DecodeStream", "NORMALIZERS"}
UNBUILT = {"Precompiled"}


def theirs(document: dict[str, Any]) -> bool:
    try:
        Tokenizer.from_str(json.dumps(document))
    except Exception:  # noqa: BLE001 - the library raises bare ones
        return False
    return True


def ours(document: dict[str, Any]) -> bool:
    return not refusals(read(document))


def read(document: dict[str, Any]) -> FastFile:
    return msgspec.json.decode(msgspec.json.encode(document), type=FastFile)


def document(**changed: Any) -> dict[str, Any]:
    return {**json.loads(RAW), **changed}


def built(part: str, kind: str) -> dict[str, Any]:
    """A part as the library writes it."""
    tokenizer = Tokenizer.from_str(RAW.decode())
    made = getattr(MADE[part], kind)
    setattr(tokenizer, part, made(*ARGUMENTS.get(kind, ())))
    found: dict[str, Any] = json.loads(tokenizer.to_str())[part]
    return found


@pytest.mark.parametrize("part", MADE)
def test_the_types_are_those_of_the_library(part: str) -> None:
    names = {name for name in dir(MADE[part]) if name[0].isupper()} - NO_PARTS
    assert names == set(PARTS[part])
    for kind in names - UNBUILT:
        whole = built(part, kind)
        assert whole["type"] == kind
        for key in whole.keys() - {"type"}:
            less = document(**{part: {k: v for k, v in whole.items() if k != key}})
            assert theirs(less) == ours(less) == (key not in PARTS[part][kind]), (kind, key)


def without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model.pop(key)


MERGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "of strings": lambda m: m.update(merges=[" ".join(pair) for pair in m["merges"]]),
    "of unknown tokens": lambda m: m["merges"].append(["zz", "qq"]),
    "to an unknown token": lambda m: m["merges"].append(["q", "q"]),
    "of three": lambda m: m["merges"].append(["a", "b", "c"]),
    "no list": lambda m: m.update(merges={}),
    "missing": without("merges"),
    "none": lambda m: m.update(merges=[]),
    "no type": without("type"),
    "unknown token that is not there": lambda m: m.update(unk_token="no"),  # noqa: S106
    "a token less": lambda m: m["vocab"].pop("in"),
}


@pytest.mark.parametrize("change", MERGES.values(), ids=MERGES)
def test_merges_are_refused_as_there(change: Callable[[dict[str, Any]], object]) -> None:
    changed = document()
    change(changed["model"])
    assert theirs(changed) == ours(changed)


ENTRIES = [["<unk>", 0.0], ["a", -1.0]]


@pytest.mark.parametrize(
    "changed",
    [
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": ENTRIES}},
        {"model": {"type": "Unigram", "unk_id": 2, "vocab": ENTRIES}},
        {"model": {"type": "Unigram", "vocab": ENTRIES}},
        {"model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0}}},
        {"model": {"type": "WordLevel", "vocab": {"a": 0}}},
        {"model": {"type": "WordPiece", "vocab": {"a": 0}}},
        {"version": "2.0"},
        {"version": None},
        {"added_tokens": None},
        {"added_tokens": []},
        {"added_tokens": [{"id": 370, "content": "x"}]},
        {"pre_tokenizer": {"type": "Nonsense"}},
        {"pre_tokenizer": "ByteLevel"},
        {"pre_tokenizer": {}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "No"}]}},
        {"decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}]}},
        {"truncation": {"max_length": 10}},
        {"truncation": {"max_length": 10, "strategy": "LongestFirst", "stride": 0}},
        {"padding": {"strategy": "BatchLongest"}},
    ],
    ids=str,
)
def test_parts_are_refused_as_there(changed: dict[str, Any]) -> None:
    assert theirs(document(**changed)) == ours(document(**changed))


def test_added_tokens_get_the_ids_that_they_get_there() -> None:
    rng = random.Random(7)
    words = ["zz1", "zz2", "zz3", "a", "the", "", "zz1"]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    for _ in range(200):
        tokens = [
            {"id": rng.choice([370, 371, 372, 5, 400]), "content": word, **flags}
            for word in rng.sample(words, rng.randint(1, 6))
        ]
        changed = document(added_tokens=tokens)
        library = Tokenizer.from_str(json.dumps(changed))
        given = assigned_ids(read(changed), changed["model"]["vocab"])
        assert given == {token: library.token_to_id(token) for token in given}
