"""The order for the child: engine arguments, requests, texts. The child does what it says."""

from typing import Any

import msgspec

from release.smoke.expectations import (
    CHAT,
    NOISE_TOKENS,
    RANDOM,
    SAMPLES,
    Ask,
    Expectations,
    Kind,
    asks_of,
)

LOAD_FORMAT = "release"
SEQUENCES = 8
ALONE = 3
IMAGE_ASK = "image"
# A red square of 64 x 64 pixels: a PNG of one colour, made by hand so that nothing has to draw it.
RED = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4Fg"
    "YrsKZeS0BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg"
    "6Ln3AAAAAElFTkSuQmCC"
)

IMAGE_MESSAGES = [
    {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": RED}},
            {"type": "text", "text": "What colour is this square? Answer with one word."},
        ],
    }
]
IMAGE_WORDS = ("red",)


class Order(msgspec.Struct, frozen=True):
    """What the child is told. `engine` must be understood, `wanted` is taken where it is known.

    `expected` maps a request's name to the words of which one must be in its answer: the child
    never sees those.
    """

    engine: dict[str, Any]
    wanted: dict[str, Any]
    requests: tuple[dict[str, Any], ...]
    alone: tuple[str, ...]
    texts: tuple[str, ...]
    expected: dict[str, tuple[str, ...]]

    def message(self, result: str) -> bytes:
        """Encode it for the child; `result` is the file that it writes."""
        fields = {name: getattr(self, name) for name in ("engine", "wanted", "requests")}
        rest = {"alone": self.alone, "texts": self.texts, "result": result}
        return msgspec.json.encode(fields | rest)


def make_order(
    model: str, expectations: Expectations, kind: Kind, *, vision: bool, compare: bool
) -> Order:
    """Say what to ask of a checkpoint. `vision`: it has a tower; `compare`: against a base."""
    asks = asks_of(expectations, kind)
    requests = [
        _request(f"ask-{number}", ask, expectations, kind) for number, ask in enumerate(asks)
    ]
    expected = {f"ask-{number}": ask.expect for number, ask in enumerate(asks)}
    if vision and expectations.image:
        tokens = NOISE_TOKENS if kind == RANDOM else expectations.tokens
        requests.append({"name": IMAGE_ASK, "messages": IMAGE_MESSAGES, "tokens": tokens})
        expected[IMAGE_ASK] = () if kind == RANDOM else IMAGE_WORDS
    return Order(
        engine=_spelled(expectations.args) | {"model": model},
        wanted=_wanted(expectations, vision=vision),
        requests=tuple(requests),
        alone=() if kind == RANDOM else tuple(request["name"] for request in requests[:ALONE]),
        texts=SAMPLES if compare or kind != RANDOM else (),
        expected=expected,
    )


def likelihood_order(model: str, expectations: Expectations, *, vision: bool) -> Order:
    """Ask nothing but the likelihood of the samples: what is wanted of the base."""
    engine = {"model": model}
    wanted = _wanted(expectations, vision=vision) | {"load_format": "auto"}
    return Order(engine, wanted, (), (), SAMPLES, {})


def _request(name: str, ask: Ask, expectations: Expectations, kind: Kind) -> dict[str, Any]:
    tokens = NOISE_TOKENS if kind == RANDOM else expectations.tokens
    if kind == CHAT:
        messages = [{"role": "user", "content": ask.prompt}]
        return {"name": name, "messages": messages, "tokens": tokens}
    return {"name": name, "prompt": ask.prompt, "tokens": min(tokens, 64)}


def _wanted(expectations: Expectations, *, vision: bool) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "load_format": LOAD_FORMAT,
        "max_model_len": expectations.max_model_len,
        "max_num_seqs": SEQUENCES,
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "seed": 0,
    }
    if vision:
        images = 1 if expectations.image else 0
        wanted["limit_mm_per_prompt"] = {"image": images, "video": 0}
    return wanted


def _spelled(args: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("--").replace("-", "_"): value for name, value in args.items()}
