"""`release diff`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import use_color, write_result
from release.cli.options import LocationType, format_option, output_option, quiet_option

if TYPE_CHECKING:
    from release.checkpoint.location import Location

EPILOG = "Exit codes: 0 the same, 1 they differ, 2 cannot run, 3 not all could be compared."


@click.command(epilog=EPILOG)
@click.argument("old", type=LocationType())
@click.argument("new", type=LocationType())
@click.option(
    "--level",
    type=click.Choice(["headers", "bytes"]),
    help="Read headers only (default on the Hub), or every byte (of a folder).",
)
@format_option("human", "json", "markdown")
@output_option
@quiet_option
def command(
    old: "Location",
    new: "Location",
    level: str | None,
    style: str,
    output: Path | None,
    quiet: bool,
) -> int:
    """Say what changed from OLD to NEW: folders, owner/name[@revision] on the Hub, or report.json.

    Tensors, settings by their path, files, and the figures that a card prints. Of two revisions
    the Hub's own hashes are believed, unless `--level bytes` reads both. What publishing adds
    (.gitattributes, release-manifest.json) is no difference.
    """
    from release.cli.progress import show_progress  # noqa: PLC0415 - keeps --help fast
    from release.diff.compare import compare  # noqa: PLC0415
    from release.diff.sides import look  # noqa: PLC0415
    from release.diff.writers import write  # noqa: PLC0415
    from release.facts import Level  # noqa: PLC0415
    from release.facts.scan import silent  # noqa: PLC0415

    asked = Level[level.upper()] if level else None
    progress = silent if quiet else show_progress
    difference = compare(look(old, asked, progress), look(new, asked, progress))
    write_result(write(difference, style, color=use_color(output)), output)
    return difference.exit_code
