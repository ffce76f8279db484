"""`release push`."""

import math
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import STDOUT, notice, use_color, write_result
from release.cli.options import (
    checkpoint_argument,
    find_folder,
    format_option,
    output_option,
    quiet_option,
)
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.publish.apply import Published
    from release.publish.others import Visibility
    from release.publish.plan import Plan

EPILOG = (
    "Exit codes: 0 published, or nothing to do; 1 the report has findings, or the Hub holds"
    " something else; 2 cannot run or finish, and the last line says what is published; 3 something"
    " required unchecked."
)


@click.command(epilog=EPILOG)
@click.argument("repo", metavar="[OWNER/NAME]", required=False)
@checkpoint_argument
@click.option("--dry-run", is_flag=True, help="Show the plan; write nothing.")
@click.option(
    "--branch",
    metavar="NAME",
    default="main",
    show_default=True,
    help="Commit there; a new one starts where main is.",
)
@click.option("--create-pr", is_flag=True, help="Open a pull request instead of committing.")
@click.option(
    "--private/--public",
    default=None,
    help="Who may see it; default: a new repository is public, others stay as they are.",
)
@click.option("-m", "--message", metavar="TEXT", help="Title of the commit or pull request.")
@click.option(
    "--keep-unknown/--delete-unknown",
    "keep",
    default=None,
    help="What becomes of files on the Hub that no release wrote; default: refuse.",
)
@click.option("--overwrite-card", is_flag=True, help="Replace a card that was written by hand.")
@click.option("--tag", metavar="NAME", help="Tag the commit; a tag is never moved.")
@click.option(
    "--sign",
    "key",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="Publish model.sig, an OpenSSF model signature by this private key (PEM); the password of"
    " an encrypted one is asked for, or read from RELEASE_SIGN_PASSWORD.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True, max=86400),
    callback=lambda _ctx, _param, value: _number(value),
    default=300.0,
    show_default=True,
    help="Give up when nothing at all has moved for so long.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@format_option("human", "json")
@output_option
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    repo: str | None,
    checkpoint: "Location | None",
    dry_run: bool,
    branch: str,
    create_pr: bool,
    private: bool | None,
    message: str | None,
    keep: bool | None,
    overwrite_card: bool,
    tag: str | None,
    key: Path | None,
    timeout: float,
    yes: bool,
    style: str,
    output: Path | None,
    quiet: bool,
) -> None:
    """Publish exactly the verified bytes of CKPT, in one commit.

    The report must pass, the files must still be those that it is about, and the card must have
    been rendered from it. A new repository stays private until everything in it was compared.
    """
    from release.checkpoint import open_checkpoint  # noqa: PLC0415 - keeps --help fast
    from release.manifest import load_manifest  # noqa: PLC0415
    from release.publish.access import require_trusted  # noqa: PLC0415
    from release.publish.gate import pass_gate  # noqa: PLC0415
    from release.publish.plan import Wish, check_wish, require_decided  # noqa: PLC0415
    from release.report.last import last_of_folder  # noqa: PLC0415

    manifest = load_manifest()
    if repo is not None and repo != manifest.repo:
        what = f"release.toml says {manifest.repo!r}, the command {repo!r}"
        raise ReleaseError(what, hint="release push OWNER/NAME [CKPT]: they must agree")
    visibility: Visibility | None = None if private is None else "private" if private else "public"
    wish = Wish(
        manifest.repo,
        branch=branch,
        tag=tag,
        pull_request=create_pr,
        visibility=visibility,
        message=message,
        unknown=None if keep is None else "keep" if keep else "delete",
        overwrite_card=overwrite_card,
    )
    check_wish(wish)
    require_trusted(wish.repo)
    folder = open_checkpoint(find_folder(checkpoint, manifest))
    release = pass_gate(last_of_folder(), manifest, folder)
    if key is not None:
        from release.publish.sign import sign  # noqa: PLC0415

        release = sign(release, key, manifest.repo.partition("/")[2], _password)

    from release.hub.client import Patience  # noqa: PLC0415 - the gate needs no client
    from release.leaving import ended_by_signals  # noqa: PLC0415
    from release.publish.apply import prepare, publish  # noqa: PLC0415
    from release.publish.hub import Hub, show_progress  # noqa: PLC0415
    from release.publish.state import only_push  # noqa: PLC0415

    show_progress(wanted=not quiet and sys.stderr.isatty())
    with ended_by_signals(), only_push():
        hub = Hub(wish.repo, Patience(answer=min(timeout, Patience().answer), still=timeout))
        plan = prepare(release, hub, wish)
        if dry_run:
            write_result(_render(plan, style, output), output)
            require_decided(plan)
            return
        if style == "human" and not quiet:
            click.echo(f"{_render(plan, style, output)}\n", err=output is not None)
        require_decided(plan)
        if not yes and (plan.changes or plan.make_public or plan.start_branch or plan.tag):
            _ask(plan)
        early = partial(_keep, style=style, output=output)
        done = publish(plan, release, hub, partial(notice, quiet=quiet), early)
    try:
        write_result(_render(done, style, output), output)
    except ReleaseError as error:
        hint = f"the release is published: {done.url}"
        raise ReleaseError(error.what, where=error.where, hint=hint) from None


def _keep(made: "Published", style: str, output: Path | None) -> None:
    """Write down a commit as soon as it is known, for programs: it is no result yet."""
    if style == "json" and output not in {None, STDOUT}:
        with suppress(ReleaseError):  # the result itself says what is wrong with the file
            write_result(_render(made, style, output), output)


def _render(document: "Plan | Published", style: str, output: Path | None) -> str:
    if style == "json":
        import msgspec  # noqa: PLC0415

        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    from release.publish.describe import describe  # noqa: PLC0415

    text = describe(document)
    return text if use_color(output) else click.unstyle(text)


def _number(value: float) -> float:
    if math.isnan(value):
        raise click.BadParameter("nan is no number of seconds")
    return value


def _password() -> str | None:
    from release.publish.sign import PASSWORD  # noqa: PLC0415 - keeps --help fast

    if given := os.environ.get(PASSWORD):
        return given
    if not sys.stdin.isatty():
        return None
    return str(click.prompt("Password of the signing key", hide_input=True, err=True))


def _ask(plan: "Plan") -> None:
    if not sys.stdin.isatty():
        raise ReleaseError("nobody is there to ask", hint="look at --dry-run, then use --yes")
    what = "Open this pull request" if plan.pull_request else "Publish this"
    if not click.confirm(f"{what} on {plan.repo}?", err=True):
        raise ReleaseError("nothing was published, as you said")
