"""`release demo`."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep everything in this new folder.",
)
def command(keep: Path | None) -> None:
    """Run verify, tables, card and push on a tiny real checkpoint, to a Hub on this machine.

    Needs no network and no token; yours is not touched.
    """
    from release.demo.tour import run_tour  # noqa: PLC0415 - keeps --help fast

    run_tour(keep)
