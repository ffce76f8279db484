"""`release tables`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import rich_text, use_color, write_result
from release.cli.options import (
    checkpoint_argument,
    find_checkpoint,
    find_manifest,
    format_option,
    output_option,
    silent_option,
)
from release.cli.pictures import write_picture
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location


DONE, REFUSED, UNKNOWN = 0, 1, 3


@click.command()
@checkpoint_argument
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the weights: .svg or .png.")
@click.option("--tensor-parallel-size", "-tp", type=click.IntRange(1), help="Weights on each GPU.")
@format_option("human", "json", "markdown")
@output_option
@silent_option
def command(
    checkpoint: "Location | None",
    style: str,
    output: Path | None,
    picture: Path | None,
    tensor_parallel_size: int | None,
) -> int:
    """Show what CKPT holds: weights by component and precision, parameters, KV cache, state.

    Reads headers and config only. CKPT may be a folder without weights, or a config.json: weights
    are computed then, and marked so. `--format json` prints the facts that a report holds.
    Exit code 1: vLLM does not split it over so many GPUs; 3: the weights are not known.
    """
    from release.checkpoint import open_checkpoint  # noqa: PLC0415 - keeps --help fast
    from release.checkpoint.bare import open_bare  # noqa: PLC0415
    from release.fit.ranks import weigh_rank  # noqa: PLC0415
    from release.fit.subject import weighed_facts  # noqa: PLC0415
    from release.tables import all_tables, is_known  # noqa: PLC0415
    from release.verify import reported_facts  # noqa: PLC0415

    place = find_checkpoint(checkpoint, find_manifest())
    bare = isinstance(place, Path) and place.is_file()
    known = weighed_facts(open_bare(Path(str(place))) if bare else open_checkpoint(place))
    facts = reported_facts(known)
    if known.get("implied"):
        facts["computed"] = f"computed from config.json: {known.get('implied')}"
    if tensor_parallel_size is not None:
        facts["each_gpu"] = weigh_rank(known, tensor_parallel_size)
    if picture is not None:
        from release.tables.pictures import weights_picture  # noqa: PLC0415

        drawn = weights_picture(facts)
        if drawn is None:
            raise ReleaseError("the weights are not known, so there is no picture of them")
        write_picture(drawn, picture)
    if style == "json":
        import msgspec  # noqa: PLC0415

        text = msgspec.json.format(msgspec.json.encode(facts), indent=2).decode()
    elif style == "markdown":
        from release.tables.markdown import write_tables  # noqa: PLC0415

        text = write_tables(all_tables(facts))
    else:
        from release.tables.terminal import draw_tables  # noqa: PLC0415

        text = rich_text(draw_tables(all_tables(facts)), color=use_color(output))
    write_result(text, output)
    each = facts.get("each_gpu", {})
    if "refused" in each:
        return REFUSED
    return DONE if is_known(facts.get("weights")) and is_known(each) else UNKNOWN
