"""docs/pictures: what a terminal shows, as rich draws it; nothing in it is typed."""

import contextlib
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from release.demo.tour import HERE, break_a_copy

ROOT = Path(__file__).parent.parent
COLUMNS = 100
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""rich's frame without its fonts, which it would load from a server."""


def verify_picture() -> str:
    """`release verify` on a checkpoint with one letter wrong, in colour, as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        break_a_copy(HERE / "checkpoint", Path(folder) / "broken")
        return _draw(("verify", "broken"), Path(folder))


def _draw(args: tuple[str, ...], work: Path) -> str:
    shown = _on_terminal([sys.executable, "-m", "release", *args], work)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere)
        console.print(f"$ release {' '.join(args)}", style="bold")
        console.print(Text.from_ansi(shown))
        drawn = console.export_svg(
            title="release", code_format=FRAME, unique_id=f"release-{args[0]}"
        )
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def _on_terminal(command: list[str], work: Path) -> str:
    """What a command writes to stdout when that is a terminal, colours and all."""
    terminal, stdout = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    fixed = {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(
        command,
        cwd=work,
        env=plain | fixed,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    ):
        os.close(stdout)
        said = b""
        # A terminal has no end: reading fails when nobody holds its other side any more.
        with contextlib.suppress(OSError):
            while chunk := os.read(terminal, 65_536):
                said += chunk
    os.close(terminal)
    return said.decode().replace("\r\n", "\n")
