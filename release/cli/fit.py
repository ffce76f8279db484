"""`release fit`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from release.cli.console import use_color, write_result
from release.cli.options import (
    checkpoint_argument,
    complete_gpus,
    find_checkpoint,
    find_manifest,
    format_option,
    output_option,
    silent_option,
)
from release.cli.pictures import write_picture
from release.errors import ReleaseError
from release.memory.command import parse_command
from release.memory.options import ALIASES, TABLE
from release.memory.versions import NEWEST
from release.units import GB, GIB, MB, MIB

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.manifest import Manifest

SIZES = {"gib": GIB, "mib": MIB, "gi": GIB, "mi": MIB, "gb": GB, "mb": MB, "b": 1}


class Bytes(click.ParamType[int]):
    """`44.49GiB`, `48GB`, or a whole number of bytes: one below a MiB is no memory of a GPU."""

    name = "SIZE"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read a size."""
        text = str(value).strip().lower().replace(" ", "")
        unit = next((unit for unit in SIZES if text.endswith(unit)), "")
        try:
            size = float(text.removesuffix(unit)) * SIZES.get(unit, 1)
        except ValueError:
            size = math.nan
        if not 0 <= size < math.inf:
            self.fail(f"{value!r} is not a size such as 44.49GiB", param, ctx)
        if not unit and 0 < size < MIB:
            self.fail(f"{value!r} names no unit: {text}GiB?", param, ctx)
        return int(size)


def vllm_options(command: Any) -> Any:
    """Add vLLM's own options to a command, from the table that --audit reads too."""
    short = {long: alias for alias, long in ALIASES.items()}
    for name, (field, parse) in reversed(TABLE.items()):
        if parse is None:
            names = [f"{name}/{name.replace('--', '--no-', 1)}"]
            command = click.option(*names, field, default=None)(command)
        else:
            names = [name, *([short[name]] if name in short else [])]
            command = click.option(*names, field, metavar="VALUE")(command)
    return command


@click.command()
@checkpoint_argument
@click.option(
    "--gpu",
    "gpus",
    multiple=True,
    help='A GPU by name, as "RTX 5090"; may be repeated.',
    shell_complete=complete_gpus,
)
@click.option("--available", type=Bytes(), help="Memory for the cache on each GPU, as 44.49GiB.")
@click.option(
    "--from-log", type=click.Path(path_type=Path), help="Take figures from a vLLM log; - is stdin."
)
@click.option("--audit", help="Judge a pasted command: 'vllm serve ...'.")
@click.option("--vllm", help=f"The release of vLLM: that of the log, else {NEWEST}.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw what fits: .svg or .png.")
@vllm_options
@format_option("human", "json", "markdown")
@output_option
@silent_option
def command(**given: Any) -> int:
    """Say whether CKPT runs on a GPU, how long its context is and how many requests fit.

    CKPT may be owner/name on the Hub, a folder without weights, or a config.json: weights are
    computed then. Options that vLLM has are spelled as vLLM spells them. Exit code 1: it does not
    start; 3: not known.
    """
    from release.cli.asked import answer_all  # noqa: PLC0415 - keeps --help fast

    manifest = find_manifest()
    checkpoint = given["checkpoint"] or _audited(given["audit"], manifest)
    location = find_checkpoint(checkpoint, manifest)
    options = {field: given[field] for field, _ in TABLE.values()}
    if given["available"] is not None and given["gpus"]:
        raise ReleaseError("--available and --gpu are two answers to one question")
    result = answer_all(location, options, given)
    style, output = given["style"], given["output"]
    if given["picture"] is not None:
        write_picture(result.picture(), given["picture"])
    if style == "json":
        text = result.json()
    elif style == "markdown":
        text = result.markdown()
    else:
        text = result.human(color=use_color(output))
    write_result(text, output)
    return result.exit_code


def _audited(command: str | None, manifest: "Manifest | None") -> "Location | None":
    """The model of a pasted command; None if it names none, or the one that is published here."""
    from release.checkpoint.location import parse_location  # noqa: PLC0415 - keeps --help fast

    model = parse_command(command).model if command is not None else None
    if not model:
        return None
    location = parse_location(model)
    if isinstance(location, Path):
        return location if location.exists() else None
    ours = manifest is not None and location.repository == manifest.repo
    return None if ours else location
