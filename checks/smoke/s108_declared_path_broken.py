"""The command on the card does not serve, or what it claims does not work over HTTP.

What it checks: `vllm serve` with exactly the card's arguments starts; it answers a chat request
    whole and in pieces; with `--reasoning-parser`, reasoning comes apart from the answer and no
    `<think>` is left in it; with `--enable-auto-tool-choice`, a question for the weather becomes
    a call of the tool with valid arguments. Where the manifest claims images (`smoke.image`), a
    red square is called red.
Why it matters: readers copy the command. An engine that loads says nothing about it: it may ask
    for more context than fits, or name a parser of another model.
How to fix: correct `serve-args` in release.toml, or the chat template.
Seen in: recipes #551, whose command fails on the very GPU that it names.
"""

from collections.abc import Iterator

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Run
from release.smoke.expectations import RANDOM
from release.smoke.order import IMAGE_WORDS
from release.smoke.serve import Served
from release.smoke.talk import IMAGE, TOOL, Exchange, arguments_are_valid

TAGS = ("<think>", "</think>")
SHOWN = 80


@rule(since="0.1.0")
def check(served: Served, engine_run: Run) -> Findings:
    """Report why it does not serve, else each exchange by the first thing that is wrong."""
    if served.cause is not None:
        yield Found(
            where=Where(file="release.toml", path="serve-args"),
            message=f"`vllm serve` with them fails: {served.cause.kind}: {served.cause.line}",
            fix=served.cause.fix,
        )
    if served.memory_freed is False:
        yield Found(
            where=Where(),
            message="memory of the GPU is still in use, half a minute after the server was ended",
            fix="see what holds it (nvidia-smi), and whether it is ours",
            severity="warning",
        )
    speaks = engine_run.plan.kind != RANDOM
    for exchange in served.exchanges:
        problem = next(_problems(exchange, served, speaks=speaks), None)
        if problem:
            yield Found(
                where=Where(file="release.toml", path=f"serve-args: {exchange.name}"),
                message=problem,
                fix="correct serve-args, or the chat template",
            )


def _problems(exchange: Exchange, served: Served, *, speaks: bool) -> Iterator[str]:
    if exchange.error is not None:
        yield f"the server does not answer: {exchange.error}"
        return
    if not speaks:
        return
    if exchange.name == TOOL:
        if not exchange.calls:
            yield f"no tool is called: {exchange.content[:SHOWN]!r}"
        elif not all(map(arguments_are_valid, exchange.calls)):
            yield f"the call is not valid: {exchange.calls[0]}"
        return
    if not exchange.content.strip():
        yield f"there is no answer, finish reason {exchange.finish}"
    if any(tag in exchange.content for tag in TAGS):
        yield f"reasoning is left in the answer: {exchange.content[:SHOWN]!r}"
    if exchange.name == IMAGE and not _holds(exchange.content, IMAGE_WORDS):
        yield f"an image of one red square is called {exchange.content[:SHOWN]!r}"
    if served.thinks and not exchange.reasoning.strip():
        yield "a reasoning parser is set and there is no reasoning"


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text.casefold() for word in words)
