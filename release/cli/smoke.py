"""`release smoke`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import notice, use_color, write_result
from release.cli.engine import LOG, make_engine, profile_option, python_option, serve_option
from release.cli.options import (
    LocationType,
    checkpoint_argument,
    find_folder,
    find_manifest,
    format_option,
    output_option,
    quiet_option,
)
from release.cli.verify import FORMATS

if TYPE_CHECKING:
    from release.checkpoint.location import Location


@click.command(
    epilog="Exit codes: 0 clean, 1 findings, 2 cannot run, 3 something required unchecked."
)
@checkpoint_argument
@python_option
@serve_option
@profile_option
@click.option(
    "--base", metavar="PATH", type=LocationType(), help="Measure the base's perplexity beside it."
)
@click.option(
    "--timeout", type=click.IntRange(1), metavar="SECONDS", help="For each start of vLLM."
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@format_option(*FORMATS)
@output_option
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    checkpoint: "Location | None",
    python: Path | None,
    serve: bool,
    profile: str | None,
    base: "Location | None",
    timeout: int | None,
    strict: bool,
    style: str,
    output: Path | None,
    quiet: bool,
) -> int:
    """Load CKPT in vLLM, in a child process, ask it, and judge what it loaded and what it says.

    What to ask is `[smoke]` of release.toml, or follows from the kind of model. The log is kept in
    .release/smoke.log. To have the result in the report, run `release verify --smoke`.
    """
    from release.facts import Level  # noqa: PLC0415 - keeps --help fast
    from release.report.formats import render  # noqa: PLC0415
    from release.verify import Request, verify  # noqa: PLC0415

    manifest = find_manifest()
    request = Request(
        location=find_folder(checkpoint, manifest),
        level=Level.HEADERS,
        select=("S",),
        allow=manifest.allow if manifest else (),
        engine=make_engine(python, base, timeout, profile=profile, serve=serve),
    )
    report = verify(request)
    strict = strict or bool(manifest and manifest.policy.strict)
    write_result(render(report, style, color=use_color(output), strict=strict), output)
    notice(f"log: {LOG}", quiet=quiet or style != "human")
    return report.exit_code(strict=strict)
