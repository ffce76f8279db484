import pytest

from release.smoke.causes import Cause
from release.smoke.evidence import Run
from release.smoke.serve import Served
from release.smoke.talk import Exchange
from tests.smoke.recorded import judged, recorded, with_plan

FP8 = "llama-fp8-dynamic"
PLAIN = ("acme/tiny", "--max-model-len", "2048")
PARSERS = (*PLAIN, "--reasoning-parser", "qwen3")
TOOLS = (*PLAIN, "--enable-auto-tool-choice", "--tool-call-parser", "hermes")
CALL = ("get_weather", '{"place": "Oslo"}')


def speaking() -> Run:
    return with_plan(recorded(FP8), kind="chat")


@pytest.mark.parametrize(
    ("argv", "exchange"),
    [
        (PLAIN, Exchange("chat", error="/v1/chat/completions answers 400: no")),
        (PLAIN, Exchange("chat", finish="length")),
        (PLAIN, Exchange("stream", content="<think>so</think>Paris")),
        (PARSERS, Exchange("chat", content="so</think>Paris", reasoning="so")),
        (PARSERS, Exchange("chat", content="Paris")),
        (TOOLS, Exchange("tool", content="I would call get_weather.")),
        (TOOLS, Exchange("tool", calls=(("get_weather", "{"),))),
        (TOOLS, Exchange("tool", calls=(("get_weather", '["Oslo"]'),))),
        (TOOLS, Exchange("tool", calls=(("other", '{"place": "Oslo"}'),))),
        (PLAIN, Exchange("image", content="A blue circle.")),
    ],
)
def test_fires_once_for_each_exchange(argv: tuple[str, ...], exchange: Exchange) -> None:
    served = Served(argv, exchanges=(exchange, Exchange("other", content="x", reasoning="y")))
    place = f"error release.toml: serve-args: {exchange.name}"
    assert judged("S108", FP8, speaking(), served) == [place]


def test_fires_where_the_command_does_not_start() -> None:
    served = Served(PLAIN, cause=Cause("kv-too-small", "To serve at least one", "lower it"))
    assert judged("S108", FP8, recorded(FP8), served) == ["error release.toml: serve-args"]


def test_fires_where_memory_stays_in_use() -> None:
    served = Served(PLAIN, exchanges=(Exchange("chat", content="Paris"),), memory_freed=False)
    assert judged("S108", FP8, speaking(), served) == ["warning checkpoint"]


def test_fires_on_random_weights_only_where_the_server_fails() -> None:
    exchanges = (Exchange("chat", error="/v1/chat/completions answers 500: "), Exchange("stream"))
    served = Served(PARSERS, exchanges=exchanges)
    assert judged("S108", FP8, recorded(FP8), served) == ["error release.toml: serve-args: chat"]


@pytest.mark.parametrize(
    ("argv", "exchange"),
    [
        (PLAIN, Exchange("chat", content="Paris")),
        (PARSERS, Exchange("chat", content="Paris", reasoning="France, so")),
        (TOOLS, Exchange("tool", calls=(CALL,))),
        (TOOLS, Exchange("tool", content="Let me look.", calls=(CALL, CALL))),
        (PLAIN, Exchange("image", content="Red.")),
    ],
)
def test_silent_on_what_works(argv: tuple[str, ...], exchange: Exchange) -> None:
    assert judged("S108", FP8, speaking(), Served(argv, exchanges=(exchange,))) == []


def test_silent_where_nothing_was_served() -> None:
    assert judged("S108", FP8, speaking()) == []
