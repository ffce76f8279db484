"""`release verify`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import notice, use_color, write_result
from release.cli.engine import make_engine, profile_option, python_option, serve_option
from release.cli.options import (
    LocationType,
    checkpoint_argument,
    complete_rules,
    find_checkpoint,
    find_folder,
    find_manifest,
    format_option,
    output_option,
    quiet_option,
    remember_checkpoint,
)
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location

SCANS_FILE = Path(".release/scans")
FORMATS = ("human", "json", "sarif", "junit", "github", "markdown")


@click.command(
    epilog="Exit codes: 0 clean, 1 findings, 2 cannot run, 3 something required unchecked."
)
@checkpoint_argument
@click.option(
    "--level",
    type=click.Choice(["headers", "bytes"]),
    help="Read headers only (default on the Hub), or hash and judge every byte (of a folder).",
)
@click.option(
    "--base",
    metavar="PLACE",
    type=LocationType(),
    help="Compare every tensor with the model this was made from.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    help="Only these rules: Q101, Q1, T.",
    shell_complete=complete_rules,
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE",
    help="Not these rules.",
    shell_complete=complete_rules,
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="Threads; default: one for each core.")
@click.option(
    "--reuse", is_flag=True, help="Trust size, inode and time: read only files that changed."
)
@click.option(
    "--reference", is_flag=True, help="Ask compressed-tensors and transformers too, in children."
)
@click.option("--smoke", is_flag=True, help="Load it in vLLM too, as `release smoke` does.")
@python_option
@serve_option
@profile_option
@click.option(
    "--ray", metavar="ADDRESS", help="Read on a Ray cluster; `local`: one on this machine."
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@format_option(*FORMATS)
@output_option
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    checkpoint: "Location | None",
    level: str | None,
    base: "Location | None",
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    jobs: int | None,
    reuse: bool,
    ray: str | None,
    reference: bool,
    smoke: bool,
    python: Path | None,
    serve: bool,
    profile: str | None,
    strict: bool,
    style: str,
    output: Path | None,
    quiet: bool,
) -> int:
    """Check CKPT, a folder that llm-compressor wrote, or owner/name[@revision] on the Hub.

    On the Hub only config, headers and side files are read, by ranges; `--level bytes` streams
    every file once.

    Without CKPT: the checkpoint that release.toml names, else the one verified last.

    The report goes to .release/report.json, from where `release card` and `release push` speak;
    a look at the Hub leaves them the last one of a folder.
    """
    from release.cli.progress import show_progress  # noqa: PLC0415 - keeps --help fast
    from release.facts import Level  # noqa: PLC0415
    from release.facts.reference import find_reference  # noqa: PLC0415
    from release.facts.scan import Scanning, silent  # noqa: PLC0415
    from release.report import REPORT_FILE  # noqa: PLC0415
    from release.report.formats import render  # noqa: PLC0415
    from release.report.last import keep_report  # noqa: PLC0415
    from release.report.unchanged import remember_stamps  # noqa: PLC0415
    from release.verify import Request, reused, verify  # noqa: PLC0415

    manifest = find_manifest()
    find = find_folder if smoke or serve or reference else find_checkpoint
    location = find(checkpoint, manifest)
    level = level or ("bytes" if isinstance(location, Path) else "headers")
    request = Request(
        location=location,
        level=Level[level.upper()],
        base=base,
        select=_codes(select),
        ignore=_codes(ignore),
        allow=manifest.allow if manifest else (),
        dated=manifest.dated if manifest else (),
        scanning=Scanning(
            jobs=jobs,
            progress=silent if quiet else show_progress,
            reuse=SCANS_FILE if reuse else None,
            cluster=ray,
        ),
        reference=find_reference(python or Path(sys.executable)) if reference else None,
        engine=make_engine(python, base, profile=profile, serve=serve) if smoke or serve else None,
    )
    report = verify(request)
    strict = strict or bool(manifest and manifest.policy.strict)
    rendered = render(report, style, color=use_color(output), strict=strict)
    try:
        keep_report(report)
    except ReleaseError:
        write_result(rendered, output)  # whoever cannot keep it has it once
        raise
    remember_checkpoint(location)
    if isinstance(location, Path) and report.checkpoint.digest:
        remember_stamps(report, location, reused(report))
    write_result(rendered, output)
    notice(f"report: {REPORT_FILE}", quiet=quiet or style != "human")
    return report.exit_code(strict=strict)


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for text in given for code in text.split(",") if code.strip())
