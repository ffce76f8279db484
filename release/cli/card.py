"""`release card`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import STDOUT, notice, use_color, write_result
from release.cli.options import (
    checkpoint_argument,
    find_checkpoint,
    find_folder,
    find_manifest,
    format_option,
    quiet_option,
)
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.manifest import Manifest

STDIN = "-"


@click.command()
@checkpoint_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the card here, `-` for stdout; default: README.md in CKPT.",
)
@click.option("--force", is_flag=True, help="Replace a card that was written or edited by hand.")
@click.option(
    "--check",
    metavar="README",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Audit this card, anybody's, against CKPT; write none.",
)
@format_option("human", "json", "sarif", "github", "markdown")
@click.option("--strict", is_flag=True, help="With --check: warnings fail too.")
@click.option("--explain", metavar="TEXT", help="Say where a figure on the card comes from.")
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    checkpoint: "Location | None",
    output: Path | None,
    force: bool,
    check: Path | None,
    style: str,
    strict: bool,
    explain: str | None,
    quiet: bool,
) -> int:
    """Render the model card of CKPT from the last report and release.toml.

    Every number comes from the report, so the files must still be those that were verified.
    Templates in `templates/` beside release.toml replace the blocks of the same name.

    With --check nothing is rendered: what README claims is recomputed, line by line. CKPT is then
    the folder it lies in, unless named.
    """
    if check is not None:
        return _check(check, checkpoint, output, style=style, strict=strict)
    _write(checkpoint, output, force=force, explain=explain, quiet=quiet)
    return 0


def _check(
    card: Path, named: "Location | None", output: Path | None, *, style: str, strict: bool
) -> int:
    from release.card.check import Audit, audit_card  # noqa: PLC0415 - keeps --help fast
    from release.checkpoint import open_checkpoint  # noqa: PLC0415
    from release.report import REPORT_FILE, load_report  # noqa: PLC0415
    from release.report.formats import render  # noqa: PLC0415

    manifest = find_manifest()
    place = named or _place_of(card, manifest)
    audit = Audit(
        name=card.name if str(card) != STDIN else "README.md",
        text=_read(card),
        checkpoint=open_checkpoint(place) if place is not None else None,
        manifest=manifest,
        report=load_report(REPORT_FILE) if REPORT_FILE.is_file() else None,
    )
    report = audit_card(audit)
    strict = strict or bool(manifest and manifest.policy.strict)
    write_result(render(report, style, color=use_color(output), strict=strict), output)
    return report.exit_code(strict=strict)


def _read(card: Path) -> str:
    """Read a card, from stdin where it is `-`. Raises `ReleaseError`."""
    try:
        raw = sys.stdin.buffer.read() if str(card) == STDIN else card.read_bytes()
        return raw.decode()
    except UnicodeDecodeError:
        raise ReleaseError("is not UTF-8 text", where=str(card)) from None
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=str(card)) from None


def _place_of(card: Path, manifest: "Manifest | None") -> "Location | None":
    """The checkpoint that a card lies in, else the manifest's, if any."""
    if (card.parent / "config.json").is_file():
        return card.parent
    named = manifest.checkpoint if manifest is not None else None
    return find_checkpoint(None, manifest) if named else None


def _write(
    checkpoint: "Location | None",
    output: Path | None,
    *,
    force: bool,
    explain: str | None,
    quiet: bool,
) -> None:
    from release.card import render_card  # noqa: PLC0415 - keeps --help fast
    from release.card.explain import explain as explanation  # noqa: PLC0415
    from release.card.seal import require_ours  # noqa: PLC0415
    from release.card.words import require_true  # noqa: PLC0415
    from release.checkpoint import open_checkpoint  # noqa: PLC0415
    from release.facts.identity import CARD_FILE  # noqa: PLC0415
    from release.manifest import load_manifest  # noqa: PLC0415
    from release.report.last import last_of_folder  # noqa: PLC0415
    from release.report.unchanged import recall_stamps, require_unchanged  # noqa: PLC0415

    manifest = load_manifest()
    path = find_folder(checkpoint, manifest)
    report = last_of_folder()
    opened = open_checkpoint(path)
    card = render_card(report, manifest, opened)
    if explain is not None:
        write_result(explanation(card, explain), output)
        return
    require_unchanged(report, opened, recall_stamps(report))
    require_true(card, report, manifest, opened)
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
