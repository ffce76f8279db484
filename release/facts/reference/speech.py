"""transformers' tokenizer and its chat template, asked: ids, texts there and back, renderings."""

from typing import Any

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.facts.reference import Reference, ask
from release.facts.reference.room import Answers
from release.facts.rendering import STOPPED, Renderings
from release.facts.rendering.conversations import CONVERSATIONS, MOMENT
from release.facts.tokenizer import Tokenizer
from release.unknown import Unknown

PLAIN = (
    "The quick brown fox jumps over the lazy dog.",
    "def add(a, b):\n    return a + b\n\n\nprint(add(2, 40))\n",
    'Prices: $1,234.56 (~7%), e-mail <a@b.org>, path C:\\x | {"key": [1, 2]}',
)
FOREIGN = ("Größe, déjà vu, año, Łódź", "Привет, мир", "你好、世界。こんにちは", "👩‍🚀 🇫🇷 naïve")
REMOTE = "trust_remote_code"


class Trip(msgspec.Struct, frozen=True):
    """A text encoded and decoded again. `error`: it could not be done at all."""

    ids: tuple[int, ...] = ()
    back: str = ""
    unknown: bool = False
    error: str | None = None


class Special(msgspec.Struct, frozen=True):
    """A special token: its id, and whether it is among the ids of a text that holds it."""

    id: int
    kept: bool


class TheirTurn(msgspec.Struct, frozen=True):
    """A conversation as transformers renders it, or the error."""

    text: str | None = None
    error: str | None = None


class TheirTokenizer(msgspec.Struct, frozen=True):
    """What transformers makes of the tokenizer's files.

    `moved` are tokens that it gives another id than tokenizer.json does (the first of
    `moved_count`), `added` those that only it has, the highest ids first, `lost` those that it
    lacks. `refusal` is why it cannot load them: then nothing else is known.
    """

    source: str
    refusal: str | None = None
    kind: str = ""
    size: int = 0
    moved: dict[str, int] = {}
    moved_count: int = 0
    added: dict[str, int] = {}
    lost: tuple[str, ...] = ()
    trips: dict[str, Trip] = {}
    special: dict[str, Special] = {}


class TheirTurns(msgspec.Struct, frozen=True):
    """Each conversation as transformers renders it; empty without a template."""

    source: str
    turns: dict[str, TheirTurn] = {}


def provide_their_speech(
    checkpoint: Checkpoint,
    config: ModelConfig,  # noqa: ARG001 - transformers reads it first: without it nothing loads
    tokenizer: Tokenizer,
    renderings: Renderings,
    reference: Reference,
) -> Answers | Unknown:
    """Load the tokenizer in transformers once, for all that is asked of it.

    A template that our limits stopped is not rendered there: C118 has said so.
    """
    if not tokenizer.files:
        return Unknown("there is no file of a tokenizer that transformers could load")
    turns = [turn for rendering in renderings.values() for turn in rendering.turns.values()]
    hostile = any(turn.error == STOPPED for turn in turns)
    order: dict[str, Any] = {
        "folder": str(checkpoint.folder.root.resolve()),
        "tokens": tokenizer.ids or {},
        "texts": (*PLAIN, *FOREIGN),
        "conversations": {} if hostile else CONVERSATIONS,
        "moment": MOMENT,
    }
    answers = ask(reference, "speak", order)
    if REMOTE in str(answers.get("refusal")):
        return Unknown("its tokenizer is remote code, which is never run")
    return answers | {"source": reference.named("transformers")}


def provide_their_tokenizer(their_speech: Answers) -> TheirTokenizer | Unknown:
    """What came of loading and of the texts."""
    if their_speech.get("refusal") is None and "special" not in their_speech:
        return Unknown(_unable(their_speech))
    return msgspec.convert(their_speech, TheirTokenizer)


def provide_their_turns(their_speech: Answers) -> TheirTurns | Unknown:
    """What came of the template."""
    if their_speech.get("refusal") is not None:
        return Unknown("transformers cannot load the tokenizer")
    if "turns" not in their_speech:
        return Unknown(_unable(their_speech))
    turns = msgspec.convert(their_speech["turns"] or {}, dict[str, TheirTurn])
    return TheirTurns(their_speech["source"], turns)


def _unable(answers: Answers) -> str:
    return f"transformers' tokenizer was asked and {answers.get('unable', 'did not answer')}"
