"""`release schema`."""

from importlib.resources import files
from pathlib import Path

import click

from release.cli.console import write_result
from release.cli.options import output_option, silent_option

FILES = {"report": "report.schema.json", "manifest": "release.toml.schema.json"}
EPILOG = (
    "`#:schema ./release.toml.schema.json` as the first line of release.toml lets editors complete"
    " and check it."
)


@click.command(epilog=EPILOG)
@click.argument("what", type=click.Choice(list(FILES)))
@output_option
@silent_option
def command(what: str, output: Path | None) -> None:
    """Print the JSON Schema of report.json, or of release.toml."""
    text = files("release.schemas").joinpath(FILES[what]).read_text(encoding="utf-8")
    write_result(text, output)
