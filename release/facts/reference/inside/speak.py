"""The child that asks transformers' tokenizer: ids, round trips, and its chat template.

Order: `folder`, `tokens` (ours -> their ids), `texts`, `conversations`, `moment` (the date that
templates see). Answers: `kind`; `size`; `moved` (token -> id, where it is another than ours),
`added` (tokens that only it has); `trips` (text -> ids and text again); `turns` (conversation ->
text or error; null without a template).
"""

from typing import Any

MOST, MOST_SPECIAL = 20, 100


def main() -> None:
    """Load, compare the vocabulary, go there and back, render."""
    from channel import begin, words

    order, say = begin()
    from transformers import AutoTokenizer

    folder = order["folder"]
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # noqa: BLE001 - whatever it raises is its verdict
        say(refusal=words(error, folder))
        return
    say(refusal=None, kind=type(tokenizer).__name__)
    say(**vocabulary(tokenizer, order["tokens"]))
    say(trips={text: trip(tokenizer, text) for text in order["texts"]})
    say(special=specials(tokenizer))
    say(turns=turns(tokenizer, order["conversations"], order["moment"]))


def vocabulary(tokenizer: Any, tokens: dict[str, int]) -> dict[str, Any]:
    """Compare the ids of all tokens."""
    theirs = tokenizer.get_vocab()
    moved = {t: theirs[t] for t, number in tokens.items() if theirs.get(t, number) != number}
    added = {t: number for t, number in theirs.items() if tokens and t not in tokens}
    return {
        "size": len(theirs),
        "moved": dict(list(moved.items())[:MOST]),
        "moved_count": len(moved),
        "added": dict(sorted(added.items(), key=lambda item: -item[1])[:MOST]),
        "lost": [token for token in tokens if token not in theirs][:MOST],
    }


def trip(tokenizer: Any, text: str) -> dict[str, Any]:
    """Encode a text and decode it again."""
    try:
        ids = tokenizer.encode(text, add_special_tokens=False)
        back = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    return {"ids": list(ids), "back": back, "unknown": tokenizer.unk_token_id in ids}


def specials(tokenizer: Any) -> dict[str, Any]:
    """Encode each special token within a text: its id must be among the ids."""
    found = {}
    ids = tokenizer.all_special_ids[:MOST_SPECIAL]
    for token, number in zip(tokenizer.all_special_tokens, ids, strict=False):
        outcome = trip(tokenizer, f"a {token} b")
        found[token] = {"id": number, "kept": number in outcome.get("ids", ())}
    return found


def turns(
    tokenizer: Any, conversations: dict[str, dict[str, Any]], moment: str
) -> dict[str, Any] | None:
    """Render every conversation."""
    if not tokenizer.chat_template:
        return None
    found: dict[str, Any] = {}
    for name, order in conversations.items():
        given = dict(order)
        messages = given.pop("messages")
        try:
            text = tokenizer.apply_chat_template(
                messages, tokenize=False, strftime_now=lambda _format: moment, **given
            )
        except Exception as error:  # noqa: BLE001 - a template may raise anything
            found[name] = {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]}
        else:
            found[name] = {"text": text}
    return found


if __name__ == "__main__":
    main()
