"""stdout carries the result, stderr notices. A result is one document, to a file if asked."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import click

from release.errors import ReleaseError
from release.whole import write_whole

STDOUT = Path("-")


def write_result(text: str, output: Path | None) -> None:
    """Write a command's result to `output`, whole or not at all; to stdout if None or `-`.

    A pipe or a device (`/dev/null`) is written to, never replaced. Raises `ReleaseError`.
    """
    if output is None or output == STDOUT:
        click.echo(text, nl=not text.endswith("\n"))
        return
    text = text if text.endswith("\n") else f"{text}\n"
    write_bytes(text.encode(), output)


def write_bytes(data: bytes, output: Path) -> None:
    """Write a file, whole or not at all. Raises `ReleaseError`."""
    try:
        target = output.resolve()
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("ab") as stream:
                stream.write(data)
            return
        write_whole(target, data)
    except OSError as error:
        raise ReleaseError(f"cannot be written: {error.strerror}", where=str(output)) from None


def notice(text: str, *, quiet: bool = False) -> None:
    """Say something beside the result."""
    if not quiet:
        click.secho(text, dim=True, err=True)


def rich_text(renderable: Any, *, color: bool, width: int | None = None) -> str:
    """Render something of rich's to text, with escape codes only if `color`."""
    from rich.console import Console  # noqa: PLC0415 - 50 ms that only tables need

    console = Console(
        force_terminal=color, no_color=not color, width=width or terminal_width(), highlight=False
    )
    with console.capture() as capture:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def use_color(output: Path | None) -> bool:
    """Colour only a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return output in {None, STDOUT} and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def terminal_width() -> int:
    """Characters in a line of the terminal, 100 where there is none."""
    import shutil  # noqa: PLC0415

    return shutil.get_terminal_size((100, 24)).columns
