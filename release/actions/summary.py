"""The summary of a job: verdict, findings, tables, a chart, the audit of the card, the commit."""

from collections.abc import Iterator

import click
import msgspec

from release.actions.child import answer, file
from release.actions.commands import add_summary
from release.actions.inputs import Inputs
from release.actions.steps import AUDIT, PUSHED, commit_of, is_strict
from release.errors import ReleaseError
from release.report import REPORT_FILE, Report, load_report
from release.report.formats import render
from release.text import code_block, code_span, markdown

FAILED = "## release could not verify"
LIMIT = 1_000_000
"""Bytes: a runner drops a summary of more than 1 MiB whole."""


def summarise(inputs: Inputs) -> int:
    """Write the summary from whatever the steps before left behind; it fails no job."""
    if REPORT_FILE.is_file():
        parts = [*_of_report(load_report(REPORT_FILE), inputs)]
    else:
        parts = [FAILED, "The log of the step says why."]
    if inputs.card == "check" and file(AUDIT).is_file():
        parts += ["### The card's claims", file(AUDIT).read_text(encoding="utf-8")]
    if inputs.push != "none" and file(PUSHED).is_file():
        parts += [*_of_push(file(PUSHED).read_bytes())]
    kept: list[str] = []
    for part in parts:
        size = len("\n\n".join([*kept, part]).encode())
        kept.append(part if size < LIMIT else "*Too long for a summary: see the artifacts.*")
    add_summary("\n\n".join(kept) + "\n")
    return 0


def summarise_refusal(fault: ReleaseError) -> int:
    """Say why nothing ran; the step that found it out has failed the job."""
    add_summary(f"{FAILED}\n\n{markdown(str(fault))}\n")
    return 0


def _of_report(report: Report, inputs: Inputs) -> Iterator[str]:
    yield render(report, "markdown", strict=is_strict(inputs)).rstrip()
    named = ["--", inputs.checkpoint] if inputs.checkpoint else []
    if tables := answer(["tables", "--format", "markdown", *named]):
        yield "<details><summary>What is in it</summary>"
        yield from (chart(report), tables.strip(), "</details>")


def chart(report: Report) -> str:
    """A pie of bytes by precision, as Mermaid, which GitHub draws; empty if it is not known."""
    weights = report.facts.get("weights")
    schemes = weights.get("schemes") if isinstance(weights, dict) else None
    slices = [
        f'    "{entry["name"]}" : {entry["bytes"]}'
        for entry in schemes or ()
        if isinstance(entry, dict) and entry.get("bytes") and _plain(str(entry.get("name")))
    ]
    if not slices:
        return ""
    return "\n".join(["```mermaid", "pie showData title Bytes by precision", *slices, "```"])


def _plain(name: str) -> bool:
    return name.replace("_", "").replace("-", "").replace(" ", "").isalnum()


class _Pushed(msgspec.Struct, frozen=True):
    """What the summary says of a push."""

    commit: str
    url: str
    commit_url: str
    pull_request: str | None
    tag: str | None
    visibility: str
    made: bool
    complete: bool


def _of_push(raw: bytes) -> Iterator[str]:
    yield "### On the Hub"
    if not commit_of(raw):
        from release.publish.describe import describe  # noqa: PLC0415 - with all of the client
        from release.publish.plan import Plan  # noqa: PLC0415

        yield "A plan only: nothing was written."
        yield code_block(click.unstyle(describe(msgspec.json.decode(raw, type=Plan))), "text")
        return
    done = msgspec.json.decode(raw, type=_Pushed)
    word = "Published" if done.made else "The Hub held exactly this already"
    if not done.complete:
        word = "The files are there, but the push did not come to its end; its log says why"
    tag = f", tagged {code_span(done.tag)}" if done.tag else ""
    request = f" Pull request: <{markdown(done.pull_request)}>." if done.pull_request else ""
    commit = f"[{code_span(done.commit[:12])}]({done.commit_url})"
    private = " The repository is private." if done.visibility == "private" else ""
    yield f"{word}: {commit} of <{done.url}>{tag}.{private}{request}"
