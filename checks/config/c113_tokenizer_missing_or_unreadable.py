"""There is no tokenizer, or it cannot be read.

What it checks: one of the files that a tokenizer can be in; tokenizer.json and
    tokenizer_config.json parse; the algorithm and every part are ones that the library has, with
    the keys that they need; merges join tokens of the vocabulary, which is not empty and gives no
    id twice, and make its longer tokens; a vocabulary of bytes has the parts that turn text into
    them and back; vocab.json has its merges.txt. Added tokens to which the library gives another
    id than the file states are a note: models are trained with the ids that it gives.
Why it matters: nothing can be served without a tokenizer. llm-compressor saves it only if the
    caller does.
How to fix: save it next to the weights: `tokenizer.save_pretrained(folder)`.
Seen in: checkpoints uploaded right after `model.save_pretrained`.
"""

from release.errors import Fault
from release.facts.contents import Contents
from release.facts.documents import Documents
from release.facts.tokenizer import FAST_FILE, SETTINGS_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule

NAMES = {FAST_FILE, "tekken.json", "vocab.json", "vocab.txt", "merges.txt"}
SUFFIXES = (".model", ".tiktoken", ".spm", ".bpe")
KINDS = {"BPE", "Unigram", "WordLevel", "WordPiece"}
BYTES_ONLY = {"ByT5Tokenizer", "CanineTokenizer"}
SLOW = {"vocab.json", "tokenizer_config.json"}
FEWEST, MOST = 32, 0.1  # longer tokens of a vocabulary, and the share that no merge makes
FIX = "save the tokenizer again, or copy it from the base model"


@rule(since="0.1.0")
def check(tokenizer: Tokenizer, documents: Documents, contents: Contents) -> Findings:
    """Judge presence first, then what is inside tokenizer.json."""
    for problem in tokenizer.problems:
        if problem.file in {FAST_FILE, SETTINGS_FILE} and problem.fault != Fault.NOT_WEIGHTS:
            yield Found(Where(file=problem.file), problem.what, problem.hint or FIX)
    unreadable = {error.file for error in contents.unreadable}  # F124 says that they are there
    top = {name for name in (*documents.names, *unreadable) if "/" not in name}
    remote = any(name.startswith("tokenization") and name.endswith(".py") for name in top)
    found = any(name in NAMES or name.endswith(SUFFIXES) for name in top)
    bytes_only = str(tokenizer.settings.get("tokenizer_class")) in BYTES_ONLY
    if not (found or remote or bytes_only):
        yield Found(Where(file=FAST_FILE), "no file of a tokenizer is there", FIX)
    if top >= SLOW and not top & {FAST_FILE, "merges.txt", "tokenizer.model"}:
        message = "vocab.json is a vocabulary without the merges that cut text into it"
        yield Found(Where(file="merges.txt"), message, FIX, "warning")
    if tokenizer.ids is None:
        return
    if tokenizer.kind is not None and tokenizer.kind not in KINDS:
        yield Found(
            where=Where(file=FAST_FILE, path="model.type"),
            message=f"{tokenizer.kind!r:.40} is not one of {', '.join(sorted(KINDS))}",
            fix=FIX,
        )
    yield from _refused(tokenizer)
    yield from _useless(tokenizer)
    if tokenizer.ids.keys() <= tokenizer.added:
        yield Found(Where(file=FAST_FILE, path="model.vocab"), "the vocabulary is empty", FIX)
    if tokenizer.repeated:
        yield Found(
            where=Where(file=FAST_FILE, path="model.vocab"),
            message=f"{len(tokenizer.repeated)} ids belong to two tokens each, the first is "
            f"{tokenizer.repeated[0]}",
            fix=FIX,
            severity="warning",
        )


def _useless(tokenizer: Tokenizer) -> Findings:
    """What the library loads, and no text survives."""
    lost = tokenizer.unreached
    if lost is not None and lost.of >= FEWEST and lost.count > MOST * lost.of:
        yield Found(
            where=Where(file=FAST_FILE, path="model.merges"),
            message=f"they make none of {lost.count:,} of {lost.of:,} longer tokens: text is cut "
            "into other pieces than the model was trained on",
            fix=FIX,
        )
    for part in tokenizer.garbled:
        coded = "encodes text as" if part == "pre_tokenizer" else "decodes"
        message = f"the vocabulary is of bytes, and no ByteLevel part {coded} them"
        severity = None if part == "pre_tokenizer" else "warning"
        yield Found(Where(file=FAST_FILE, path=part), message, FIX, severity)


def _refused(tokenizer: Tokenizer) -> Findings:
    """The library stops at the first complaint; each is said."""
    for refusal in tokenizer.refusals:
        message = f"{refusal.what}: the tokenizers library refuses the file"
        yield Found(Where(file=FAST_FILE, path=refusal.path), message, FIX)
    if tokenizer.moved and not tokenizer.refusals:
        token, number = next(iter(tokenizer.moved.items()))
        yield Found(
            where=Where(file=FAST_FILE, path="added_tokens"),
            message=f"the tokenizers library gives {token!r:.60} the id {number:,}, not the "
            f"stated one, as it does to {len(tokenizer.moved)} in all",
            fix="list added tokens in the order of their ids, without gaps",
            severity="info",
        )
