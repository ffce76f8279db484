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
@click.option("--force", is_flag=True, help="Replace a card that was written or edited by hand.")
@click.option("--explain", metavar="TEXT", help="Say where a figure on the card comes from.")
@quiet_option
def command(
    checkpoint: "Location | None",
    output: Path | None,
    force: bool,
    explain: str | None,
    quiet: bool,
) -> None:
    """Render the model card of CKPT from the last report and release.toml.

    Every number comes from the report, so the files must still be those that were verified.
    Templates in `templates/` beside release.toml replace the blocks of the same name.
    """
    from release.card import render_card  # noqa: PLC0415 - keeps --help fast
    from release.card.explain import explain as explanation  # noqa: PLC0415
    from release.card.seal import require_ours  # noqa: PLC0415
    from release.checkpoint import open_checkpoint  # noqa: PLC0415
    from release.facts.identity import CARD_FILE  # noqa: PLC0415
    from release.manifest import load_manifest  # noqa: PLC0415
    from release.report.unchanged import recall_stamps, require_unchanged  # noqa: PLC0415

    manifest = load_manifest()
    path = find_folder(checkpoint, manifest)
    report = last_report()
    opened = open_checkpoint(path)
    card = render_card(report, manifest, opened)
    if explain is not None:
        write_result(explanation(card, explain), output)
        return
    require_unchanged(report, opened, recall_stamps(report))
    if output == STDOUT:
        write_result(card.text, None)
        return
    target = output or path / CARD_FILE
    if output is None and target.is_symlink():
        hint = "remove it: a card is a file of the checkpoint's own"
        raise ReleaseError("is a link", where=str(target), hint=hint)
    if not force:
        require_ours(target)
    write_result(card.text, target)
    if output is None:
        _write_beside(path, card.files, force=force)
    notice(f"card: {target}", quiet=quiet)
    if report.summary["error"]:
        notice(f"the report it speaks from has {report.summary['error']} errors", quiet=quiet)


def _write_beside(folder: Path, files: dict[str, str], *, force: bool) -> None:
    """Write what the card brings along; remove what an older one brought.

    Raises `ReleaseError` for a file that is not ours, and for a link that would lead elsewhere.
    """
    from release.card.files import MARK  # noqa: PLC0415 - keeps --help fast
    from release.facts.identity import CARD_FILE, CARD_FILES  # noqa: PLC0415

    for name in sorted(CARD_FILES - {CARD_FILE}):
        place = folder / name
        if place.parent.is_symlink() or place.is_symlink():
            hint = "remove it: a card's files are of the checkpoint's own"
            raise ReleaseError("is a link", where=str(place), hint=hint)
        there = place.is_file()
        if there and not force and MARK not in place.read_text("utf-8", "replace"):
            hint = "remove it, or use --force to replace it"
            raise ReleaseError("was not written by release", where=str(place), hint=hint)
        if name in files:
            write_result(files[name], place)
        elif there:
            place.unlink()
