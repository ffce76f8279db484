"""`release init`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import STDOUT, notice, write_result
from release.cli.options import LocationType, quiet_option
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.proposal import Answers
    from release.report import Report


@click.command()
@click.argument("checkpoint", metavar="CKPT", type=click.Path(path_type=Path))
@click.option("--repo", metavar="OWNER/NAME", help="Where it will be published.")
@click.option("--base", type=LocationType(), help="The model that was quantized: its card is read.")
@click.option("--base-model", metavar="OWNER/NAME", help="The base's name on the Hub.")
@click.option("--license", "license_id", metavar="ID", help="The license, as the Hub spells it.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take what was found.")
@click.option("--force", is_flag=True, help="Replace a release.toml that is there.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("release.toml"),
    show_default=True,
    help="Write it here, `-` for stdout.",
)
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    checkpoint: Path,
    repo: str | None,
    base: "Location | None",
    base_model: str | None,
    license_id: str | None,
    yes: bool,
    force: bool,
    output: Path,
    quiet: bool,
) -> None:
    """Write a first release.toml for CKPT, filled in as far as files tell.

    On a terminal it asks for what it cannot know. Everything else is in comments, to be edited.
    """
    if output != STDOUT and os.path.lexists(output) and not force:
        hint = "edit it, use --force to replace it, or -o to write elsewhere"
        raise ReleaseError("is there already", where=str(output), hint=hint)
    from release.checkpoint import open_checkpoint  # noqa: PLC0415 - keeps --help fast
    from release.proposal import Answers, write_proposal  # noqa: PLC0415
    from release.proposal.origin import find_origin  # noqa: PLC0415
    from release.proposal.subject import study  # noqa: PLC0415

    opened = open_checkpoint(checkpoint)
    origin = find_origin(opened, base)
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    found = Answers(
        repo or "", base_model or origin.model or "", license_id or origin.license or ""
    )
    answers = _ask(found, checkpoint) if asks else _require(found)
    text = write_proposal(answers, origin, study(opened, checkpoint, _report()))
    write_result(text, output)
    if output != STDOUT:
        notice(f"manifest: {output}; read it, then run `release verify`", quiet=quiet)


def _ask(found: "Answers", checkpoint: Path) -> "Answers":
    """Ask on the terminal; what was found is the default."""
    name = checkpoint.resolve().name
    return type(found)(
        repo=_name("Publish as owner/name", found.repo or f"you/{name}"),
        base=_name("Base model, owner/name", found.base),
        license=click.prompt("License, as the Hub spells it", found.license or None, err=True),
    )


def _name(question: str, default: str) -> str:
    """Ask until it is a name on the Hub."""
    from release.manifest.problems import REPO_ID  # noqa: PLC0415 - keeps --help fast

    def read(answer: str) -> str:
        if not REPO_ID.fullmatch(answer):
            raise click.BadParameter(f"{answer!r:.60} is not owner/name")
        return answer

    return str(click.prompt(question, default or None, value_proc=read, err=True))


def _require(found: "Answers") -> "Answers":
    """Nobody is asked: what is not known must be named."""
    options = (("--repo", found.repo), ("--base-model", found.base), ("--license", found.license))
    missing = [option for option, value in options if not value]
    if missing:
        hint = f"name {', '.join(missing)}; or run it on a terminal, without --yes"
        raise ReleaseError("not all that a release needs is known", hint=hint)
    return found


def _report() -> "Report | None":
    """The last report, if there is one."""
    from release.report import REPORT_FILE, load_report  # noqa: PLC0415 - keeps --help fast

    try:
        return load_report(REPORT_FILE)
    except ReleaseError:
        return None
