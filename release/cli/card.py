"""`release card`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import STDOUT, notice, write_result
from release.cli.options import (
    checkpoint_argument,
    find_folder,
    last_report,
    quiet_option,
)
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location


@click.command()
@checkpoint_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the card here, `-` for stdout; default: README.md in CKPT.",
)
@click.option("--force", is_flag=True, help="Replace a card that was written by hand.")
@quiet_option
def command(checkpoint: "Location | None", output: Path | None, force: bool, quiet: bool) -> None:
    """Render the model card of CKPT from the last report and release.toml.

    Every number comes from the report, so the files must still be those that were verified.
    """
    from release.card import is_ours, render_card  # noqa: PLC0415 - keeps --help fast
    from release.checkpoint import open_checkpoint  # noqa: PLC0415
    from release.facts.identity import CARD_FILE  # noqa: PLC0415
    from release.manifest import load_manifest  # noqa: PLC0415
    from release.report.unchanged import require_unchanged  # noqa: PLC0415

    manifest = load_manifest()
    path = find_folder(checkpoint, manifest)
    report = last_report()
    require_unchanged(report, open_checkpoint(path))
    text = render_card(report, manifest)
    if output == STDOUT:
        write_result(text, None)
        return
    target = output or path / CARD_FILE
    if output is None and target.is_symlink():
        hint = "remove it: a card is a file of the checkpoint's own"
        raise ReleaseError("is a link", where=str(target), hint=hint)
    if target.is_file() and not force and not is_ours(target.read_text("utf-8", "replace")):
        hint = "use --force to replace it, or -o to write elsewhere"
        raise ReleaseError("was written by hand", where=str(target), hint=hint)
    write_result(text, target)
    notice(f"card: {target}", quiet=quiet)
    if report.summary["error"]:
        notice(f"the report it speaks from has {report.summary['error']} errors", quiet=quiet)
