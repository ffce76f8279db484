"""Options that several commands share."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.manifest import Manifest
    from release.report import Report

LAST_CHECKPOINT = Path(".release/checkpoint")

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")

Decorator = Callable[[Any], Any]

checkpoint_argument: Decorator = click.argument(
    "checkpoint", metavar="[CKPT]", required=False, type=click.Path(path_type=Path)
)
output_option: Decorator = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the result to this file; `-` for stdout.",
)
quiet_option: Decorator = click.option("-q", "--quiet", is_flag=True, help="No notices on stderr.")

silent_option: Decorator = click.option(
    "-q", "--quiet", is_flag=True, expose_value=False, help="Accepted everywhere; no notices here."
)


def format_option(*formats: str) -> Decorator:
    """`--format` with the formats a command has; the first is the default."""
    choice = click.Choice(formats)
    return click.option("--format", "style", type=choice, default=formats[0], show_default=True)


def find_manifest() -> "Manifest | None":
    """Read release.toml of the working directory, if there is one."""
    from release.manifest import MANIFEST_FILE, load_manifest  # noqa: PLC0415 - keeps --help fast

    return load_manifest(MANIFEST_FILE) if os.path.lexists(MANIFEST_FILE) else None


def find_checkpoint(given: Path | None, manifest: "Manifest | None") -> Path:
    """Find the checkpoint: as given, else the manifest's, else the last one verified.

    Raises `ReleaseError` if none of these is there.
    """
    if given is not None:
        return given
    if manifest is not None and manifest.checkpoint:
        return Path(manifest.checkpoint)
    if LAST_CHECKPOINT.is_file():
        return Path(os.fsdecode(LAST_CHECKPOINT.read_bytes()))
    hint = "name the folder, or set `checkpoint` in release.toml"
    raise ReleaseError("no checkpoint was named", hint=hint)


def find_base(given: str | None) -> Path | None:
    """The folder of the base. Raises `ReleaseError` for a name on the Hub."""
    if given is None:
        return None
    path = Path(given)
    if not path.exists() and REPOSITORY.fullmatch(given):
        hint = f"run `hf download {given.partition('@')[0]}`, and name the folder"
        raise ReleaseError("a base on the Hub is not read by this version", where=given, hint=hint)
    return path


def remember_checkpoint(path: Path) -> None:
    """Keep where the report's checkpoint is, beside the report: that itself holds no path."""
    LAST_CHECKPOINT.write_bytes(os.fsencode(path))


def last_report() -> "Report":
    """Read the report that `verify` wrote. Raises `ReleaseError`."""
    from release.report import REPORT_FILE, load_report  # noqa: PLC0415 - keeps --help fast

    return load_report(REPORT_FILE)
