"""`[smoke]` of the manifest: what a checkpoint must be able to answer, and how it is started.

What is not said follows from the kind of model: one with a chat template is asked questions, one
without continues texts. A model of random weights can do neither: say so, `kind = "random"`.
"""

from typing import Annotated, Any, Literal

import msgspec

Kind = Literal["chat", "text", "random"]
CHAT: Kind = "chat"
TEXT: Kind = "text"
RANDOM: Kind = "random"
Value = str | int | float | bool | list[Any] | dict[str, Any]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Ask(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """A question, or a text to continue, and words of which one must be in the answer.

    Upper and lower case are the same. Without `expect` only the form of the answer is judged.
    """

    prompt: str
    expect: tuple[str, ...] = ()


class Expectations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The manifest's `[smoke]`. Lengths in tokens, `timeout` in seconds for each start of vLLM.

    `args` are arguments of vLLM's engine, spelled as its command line spells them, with tables
    where it takes JSON. `tools` and `image` demand a tool call and an answer about an image.
    `perplexity` is the highest ratio to the base's that passes.
    """

    kind: Kind | None = None
    asks: tuple[Ask, ...] | None = None
    tokens: Positive = 4096
    max_model_len: Positive = 8192
    timeout: Positive = 1800
    tools: bool = False
    image: bool = False
    perplexity: Annotated[float, msgspec.Meta(gt=1.0)] = 1.25
    args: dict[str, Value] = {}


QUESTIONS = (
    Ask("What is the capital of France? Answer with one word.", ("paris",)),
    Ask("What is 17 + 25? Answer with the number only.", ("42",)),
    Ask("Which planet is called the Red Planet? Answer with one word.", ("mars",)),
    Ask("Complete the line, and only it: import numpy as", ("np",)),
)
BEGINNINGS = (
    Ask("The capital of France is", ("paris",)),
    Ask("1, 2, 3, 4, 5, 6,", ("7",)),
    Ask("import numpy as", ("np",)),
)
# Two for a model that can answer neither: what is judged is that its numbers are numbers.
NOISE = (Ask("def f(x):\n    return"), Ask("The quick brown fox"))
NOISE_TOKENS = 16

# Written for this tool, so that no model has seen them: of every kind of text that it may meet.
SAMPLES = (
    (
        "The harbour was empty when the ferry came in. Two men in yellow coats caught the ropes, "
        "made them fast, and stood back to let the cars roll off one at a time. Nobody spoke. It "
        "had rained since noon, and the gulls sat along the wall with their heads drawn in, "
        "waiting for the wind to turn."
    ),
    (
        "def moving_average(values, size):\n    if size < 1:\n        raise ValueError('size')\n"
        "    total = 0.0\n    for index, value in enumerate(values):\n        total += value\n"
        "        if index >= size:\n            total -= values[index - size]\n"
        "        yield total / min(index + 1, size)\n"
    ),
    (
        "Water boils at a lower temperature on a mountain, because the air presses on it less. "
        "At sea level it takes about 100 degrees Celsius; at 3,000 metres about 90. An egg "
        "therefore needs longer there, however strong the flame is."
    ),
)


def kind_of(expectations: Expectations, *, has_template: bool) -> Kind:
    """Give the kind that was declared, else what the checkpoint's files suggest."""
    return expectations.kind or (CHAT if has_template else TEXT)


def asks_of(expectations: Expectations, kind: Kind) -> tuple[Ask, ...]:
    """Give what to ask: the manifest's, else the defaults of the kind."""
    if expectations.asks is not None:
        return expectations.asks
    return {CHAT: QUESTIONS, TEXT: BEGINNINGS, RANDOM: NOISE}[kind]
