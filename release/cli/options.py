"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.manifest import Manifest

LAST_CHECKPOINT = Path(".release/checkpoint")

Decorator = Callable[[Any], Any]


class LocationType(click.ParamType["Location"]):
    """A folder, which the shell completes, or `owner/name[@revision]` on the Hub."""

    name = "LOCATION"

    def convert(self, value: Any, param: Any, ctx: Any) -> "Location":  # noqa: ARG002
        """Read a location."""
        from release.checkpoint.location import parse_location  # noqa: PLC0415 - keeps --help fast

        return parse_location(os.fsdecode(value))

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:  # noqa: ARG002
        """Leave it to the shell's own completion of paths."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for the shell only

        return [CompletionItem(incomplete, type="file")]


checkpoint_argument: Decorator = click.argument(
    "checkpoint", metavar="[CKPT]", required=False, type=LocationType()
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


def complete_rules(ctx: Any, param: Any, incomplete: str) -> list[Any]:  # noqa: ARG001
    """Complete a rule's code for the shell, with its name beside it."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for the shell only

    from release.rules.catalogue import all_rules  # noqa: PLC0415

    found = [rule for rule in all_rules() if rule.code.startswith(incomplete.upper())]
    return [CompletionItem(rule.code, help=rule.name) for rule in found]


def complete_gpus(ctx: Any, param: Any, incomplete: str) -> list[str]:  # noqa: ARG001
    """Complete a GPU's name for the shell, without the spaces that a shell would split it at."""
    from release.memory.gpus import all_gpus  # noqa: PLC0415 - for the shell only

    names = [gpu.name.replace(" ", "-") for gpu in all_gpus()]
    return [name for name in names if name.lower().startswith(incomplete.lower())]


def find_manifest() -> "Manifest | None":
    """Read release.toml of the working directory, if there is one."""
    from release.manifest import MANIFEST_FILE, load_manifest  # noqa: PLC0415 - keeps --help fast

    return load_manifest(MANIFEST_FILE) if os.path.lexists(MANIFEST_FILE) else None


def find_checkpoint(given: "Location | None", manifest: "Manifest | None") -> "Location":
    """Find the checkpoint: as given, else the manifest's, else the last one verified.

    Raises `ReleaseError` if none of these is there.
    """
    from release.checkpoint.location import SCHEME, parse_location  # noqa: PLC0415 - keeps --help fast

    if given is not None:
        return given
    if manifest is not None and manifest.checkpoint:
        named = manifest.checkpoint
        return parse_location(named) if named.startswith(SCHEME) else Path(named)
    if LAST_CHECKPOINT.is_file():
        last = os.fsdecode(LAST_CHECKPOINT.read_bytes())
        return parse_location(last) if last.startswith(SCHEME) else Path(last)
    hint = "name the folder, or set `checkpoint` in release.toml"
    raise ReleaseError("no checkpoint was named", hint=hint)


def find_folder(given: "Location | None", manifest: "Manifest | None") -> Path:
    """Find the checkpoint as `find_checkpoint` does. Raises `ReleaseError` for one on the Hub."""
    place = find_checkpoint(given, manifest)
    if not isinstance(place, Path):
        hint = f"run `hf download {place.repository}`, and name the folder"
        raise ReleaseError("this needs a folder", where=str(place), hint=hint)
    return place


def remember_checkpoint(place: "Location") -> None:
    """Keep where the report's checkpoint is, beside the report: that itself holds no path."""
    from release.checkpoint.location import spell_location  # noqa: PLC0415 - keeps --help fast
    from release.whole import write_whole  # noqa: PLC0415

    write_whole(LAST_CHECKPOINT, os.fsencode(spell_location(place)))
