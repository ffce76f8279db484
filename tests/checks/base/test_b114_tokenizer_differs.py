import json
from typing import Any

import pytest

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

FILE = "tokenizer.json"


def test_fires_on_exchanged_tokens(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    vocab = changed.read(FILE)["model"]["vocab"]
    one, other = list(vocab)[60:62]
    vocab[one], vocab[other] = vocab[other], vocab[one]
    changed.edit(FILE, "model.vocab", vocab)
    assert compare(changed, "llama") == [f"B114 error {FILE}: vocabulary"]
    assert compare(changed, "llama", words=True)[0].startswith("2 tokens have another id")


def test_fires_on_a_lost_merge(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    merges = changed.read(FILE)["model"]["merges"]
    changed.edit(FILE, "model.merges", merges[:-1])
    assert compare(changed, "llama") == [f"B114 error {FILE}: merges"]


def test_fires_on_another_pre_tokenizer(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "pre_tokenizer", {"type": "Metaspace"})
    assert compare(changed, "llama", words=True) == ["is Metaspace here, ByteLevel in the base"]


def test_fires_on_a_normalizer(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "normalizer", {"type": "Lowercase"})
    assert compare(changed, "llama") == [f"B114 error {FILE}: normalizer"]


def test_fires_on_an_added_token_of_another_id(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "added_tokens.0.id", 383)
    assert f"B114 error {FILE}: added tokens" in compare(changed, "llama")


def test_fires_on_another_end_of_text(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit("tokenizer_config.json", "eos_token", "<|endoftext|>")
    assert compare(changed, "llama") == ["B114 error tokenizer_config.json: eos_token"]


def test_fires_on_a_decoder_with_a_warning(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "decoder", {"type": "Fuse"})
    assert compare(changed, "llama") == [f"B114 warning {FILE}: decoder"]


def respell(draft: Draft) -> Draft:
    """The same tokenizer as an older version of the library writes it."""
    value: dict[str, Any] = draft.read(FILE)
    value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]
    del value["model"]["ignore_merges"]
    value["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [value["pre_tokenizer"]]}
    value["pre_tokenizer"]["pretokenizers"][0].pop("use_regex", None)
    return draft.write(FILE, json.dumps(value, indent=1))


def test_silent_on_another_spelling(draft: Drafts, base: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-nvfp4"), respell(base("llama"))) == []


def test_silent_on_a_padding_token_that_the_user_chose(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit("tokenizer_config.json", "pad_token", "<|im_end|>")
    assert compare(changed, "llama") == []


def flagged(draft: Draft, flag: str, *, value: bool) -> Draft:
    """Set a flag of all added tokens."""
    tokens = draft.read(FILE)["added_tokens"]
    return draft.edit(FILE, "added_tokens", [token | {flag: value} for token in tokens])


def test_fires_once_on_tokens_that_are_special_no_more(draft: Drafts, compare: Compare) -> None:
    changed = flagged(draft("llama-nvfp4"), "special", value=False)
    assert compare(changed, "llama") == [f"B114 warning {FILE}: special tokens"]
    assert compare(changed, "llama", words=True) == [
        "special is false here, and not in the base, of '<|endoftext|>' and 6 more"
    ]


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word", "normalized"])
def test_fires_on_added_tokens_that_are_found_otherwise(
    flag: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    changed = flagged(draft("llama-nvfp4"), flag, value=True)
    assert compare(changed, "llama") == [f"B114 error {FILE}: added tokens"]
    # which is what transformers writes where the base's settings say so
    tokens = changed.read(FILE)["added_tokens"]
    stated = {str(token["id"]): token for token in tokens}
    origin = base("llama").edit("tokenizer_config.json", "added_tokens_decoder", stated)
    assert compare(changed, origin) == []


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word", "normalized"])
def test_silent_on_what_saving_a_tokenizer_changes(
    flag: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    assert compare(draft("llama-nvfp4"), flagged(base("llama"), flag, value=True)) == []
    assert compare(draft("llama-nvfp4"), flagged(base("llama"), "special", value=False)) == []
