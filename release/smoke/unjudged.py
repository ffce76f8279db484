"""What a smoke test left out, because nobody claims it or because this machine cannot tell."""

from collections.abc import Iterator

from release.smoke.evidence import Run
from release.smoke.expectations import RANDOM
from release.smoke.order import IMAGE_ASK
from release.smoke.summary import Smoke
from release.unknown import Unknown

Left = Iterator[tuple[str, str]]


def unjudged(smoke: Smoke, run: Run) -> dict[str, str]:
    """Say what was not judged, and why."""
    return dict((*_answers(smoke, run), *_images(run), *_served(smoke, run), *_measured(smoke)))


def _answers(smoke: Smoke, run: Run) -> Left:
    if smoke.kind == RANDOM:
        reason = 'the manifest says that its weights are random (smoke.kind = "random")'
        yield "known answers", reason
        yield "form of the answers", reason
    if isinstance(run.base, Unknown):
        yield "perplexity against the base", run.base.reason
    if isinstance(run.memory_freed, Unknown):
        yield "GPU memory free again after the run", run.memory_freed.reason


def _images(run: Run) -> Left:
    if IMAGE_ASK in run.plan.order.expected:
        return
    if run.plan.expectations.image:
        yield "an image", "the checkpoint has no vision tower"
    elif run.plan.order.wanted.get("limit_mm_per_prompt"):
        yield "an image", "the manifest does not claim images (smoke.image)"


def _served(smoke: Smoke, run: Run) -> Left:
    tools, served = run.plan.expectations.tools, smoke.served
    if not served.argv:
        reason = "the engine failed before" if smoke.cause else "it was not asked for (--serve)"
        yield "the card's command over HTTP", reason
        if tools:
            yield "a tool call", "tools are called over HTTP (--serve)"
    elif tools and not served.calls:
        yield "a tool call", "serve-args has no --enable-auto-tool-choice"


def _measured(smoke: Smoke) -> Left:
    for each in smoke.predictions:
        if each.unknown is not None:
            yield f"what fit predicts of {each.start}", each.unknown
