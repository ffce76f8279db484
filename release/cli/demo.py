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
@click.option(
    "--hub",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Run nothing: put the checkpoint and a Hub into this new folder, until Ctrl-C.",
)
def command(keep: Path | None, hub: Path | None) -> None:
    """Run verify, tables, card and push on a tiny real checkpoint, to a Hub on this machine.

    Needs no network and no token; yours is not touched.
    """
    if keep and hub:
        raise click.UsageError("--keep runs the tour, --hub lets you type it: name one")
    if hub:
        from release.demo.stay import stay  # noqa: PLC0415 - keeps --help fast

        stay(hub)
        return
    from release.demo.tour import run_tour  # noqa: PLC0415 - keeps --help fast

    run_tour(keep)
