"""A plan and its result for a person."""

from collections.abc import Iterator

import click

from release.publish.apply import Published
from release.publish.plan import Plan
from release.text import printable
from release.units import decimal_bytes, plural

COLORS = {"add": "green", "replace": "yellow", "delete": "red", "refuse": "red"}


def describe(document: Plan | Published) -> str:
    """Write what a push will do, or did."""
    return "\n".join(_plan(document)) if isinstance(document, Plan) else _result(document)


def _result(done: Published) -> str:
    passed = click.style("published" if done.made else "nothing to do", fg="green", bold=True)
    if done.pull_request:
        state = "opened" if done.made else "is open already"
        return f"{passed}: pull request {state}, with exactly these files: {done.pull_request}"
    what = "every file as verified" if done.made else "the Hub holds every file as verified"
    tag = f", tagged {done.tag}" if done.tag else ""
    return f"{passed}: {what}, at commit {done.commit[:12]}{tag}, {done.visibility}: {done.url}"


def _plan(plan: Plan) -> Iterator[str]:
    state = f"new, {plan.visibility}" if plan.create else plan.visibility
    if plan.make_public:
        state += " once everything is there"
    yield f"{click.style(plan.repo, bold=True)}  {state}"
    changing = [file for file in plan.files if file.action != "keep"]
    width = max((len(printable(file.path)) for file in changing), default=0)
    for file in sorted(changing, key=lambda file: file.action):
        size = decimal_bytes(file.size)
        yield f"{_label(file.action)} {printable(file.path):<{width}}  {size:>10}"
    for action, reasoned in (("delete", plan.deletes), ("refuse", plan.refused)):
        for entry in reasoned:
            yield f"{_label(action)} {printable(entry.path)}  {entry.reason}"
    same = sum(file.action == "keep" for file in plan.files)
    if same:
        yield f"  {plural(same, 'file')} as on the Hub already"
    if plan.kept:
        yield f"  no release wrote them, kept on the Hub: {', '.join(map(printable, plan.kept))}"
    for left in plan.left_out:
        yield click.style(printable(f"  left out {left.path}: {left.reason}"), dim=True)
    for notice in plan.notices:
        yield click.style(f"  note: {notice}", fg="yellow")
    yield from _steps(plan)


def _steps(plan: Plan) -> Iterator[str]:
    yield ""
    if not plan.changes:
        branch = f"; a new branch, {plan.branch}" if plan.start_branch else ""
        tag = f"; tag {plan.tag}" if plan.tag else ""
        yield f"no commit: nothing would change{branch}{tag}"
        return
    new = "a new branch, " if plan.start_branch else ""
    how = f"one {'pull request' if plan.pull_request else 'commit'} on {new}{plan.branch}"
    tag = f", then tag {plan.tag}" if plan.tag else ""
    size = decimal_bytes(plan.send_bytes)
    yield f"{how} of at most {size} to send: {plan.message!r}{tag}"


def _label(action: str) -> str:
    return "  " + click.style(f"{action:<8}", fg=COLORS[action])
