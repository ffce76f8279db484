"""`release doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.console import use_color, write_result
from release.cli.engine import python_option
from release.cli.options import format_option, output_option, silent_option

if TYPE_CHECKING:
    from release.doctor import Check

SIGNS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("problem", "red")}
EPILOG = "Exit codes: 0 nothing is in the way, 1 something is, 2 usage error."


@click.command(epilog=EPILOG)
@python_option
@format_option("human", "json")
@output_option
@silent_option
def command(python: Path | None, style: str, output: Path | None) -> int:
    """Look at what a release needs: Python, vLLM, GPU and driver, disk, the Hub, your token.

    Nothing is written, and no token is shown. What release.toml in this directory asks for must be
    there; what it does not ask for is only noted.
    """
    from release.doctor import examine, exit_code  # noqa: PLC0415 - keeps --help fast

    checks = tuple(examine(python or Path("python")))
    if style == "json":
        import msgspec  # noqa: PLC0415

        text = msgspec.json.format(msgspec.json.encode(checks), indent=2).decode()
    else:
        text = "\n".join(map(_line, checks))
        text = text if use_color(output) else click.unstyle(text)
    write_result(text, output)
    return exit_code(checks)


def _line(check: "Check") -> str:
    from release.text import printable  # noqa: PLC0415

    word, color = SIGNS[check.status]
    hint = f"\n{'':10}→ {printable(check.hint)}" if check.hint else ""
    sign = click.style(f"{word:<9}", fg=color, bold=check.status == "problem")
    return f"{sign} {click.style(check.name, bold=True)}: {printable(check.text)}{hint}"
