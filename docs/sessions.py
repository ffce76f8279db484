"""Run the commands of a page as its reader types them, in turn, and put in what they say.

A ```console block holds commands (`$ …`) and their output; a block with title="release.toml" is a
file that the reader writes. All of a page happens in one folder, made by `release demo --hub`.
"""

import os
import re
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(
    r'^```(?:(?P<console>console)|\w+ title="(?P<file>[^"]+)")\n(?P<body>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
LARGE = "Qwen3.6-27B-FP8-NVFP4"
"""A config.json of a size that is worth asking about; it is nowhere in the demo."""

CHANGING = {
    re.compile(r"127\.0\.0\.1:\d+"): "127.0.0.1:8000",
    re.compile(r"\b(commit |NVFP4@)[0-9a-f]{12}\b"): r"\g<1>0123456789ab",
}
"""What is another one in each run, and what the page shows for it."""


class UnexpectedExit(Exception):  # noqa: N818 - of a command, not of ours
    """A command ended with another exit code than 0, and the page does not say `echo $?`."""


def with_sessions(path: Path) -> str:
    """Give the page's text with the output that its commands have now.

    Raises `UnexpectedExit`.
    """
    with _desk() as desk:
        return BLOCK.sub(lambda block: _block(block, desk), path.read_text(encoding="utf-8"))


def _block(block: re.Match[str], desk: Path) -> str:
    if block["file"]:
        place = desk / block["file"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block["body"], encoding="utf-8")
        return block[0]
    commands = [line[2:] for line in block["body"].splitlines() if line.startswith("$ ")]
    return f"```console\n{''.join(_transcript(commands, desk))}```"


def _transcript(commands: list[str], desk: Path) -> Iterator[str]:
    code = 0
    for number, command in enumerate(commands):
        output, code = _type(f"(exit {code})\n{command}", desk)
        if code and commands[number + 1 : number + 2] != ["echo $?"]:
            raise UnexpectedExit(f"`{command}` ended with {code}:\n{output}")
        yield f"$ {command}\n"
        yield output


def _type(script: str, desk: Path) -> tuple[str, int]:
    done = subprocess.run(
        ["bash", "-c", f". ./hub.env\n{script}"],
        cwd=desk,
        env=_environment(desk),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    output = done.stdout
    for changing, shown in CHANGING.items():
        output = changing.sub(shown, output)
    return "".join(f"{line.rstrip()}\n" for line in output.splitlines()), done.returncode


@contextmanager
def _desk() -> Iterator[Path]:
    """The folder of `release demo --hub`, whose Hub listens until the page is done."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Path(folder)
        (bench / "bin").mkdir()
        command = bench / "bin" / "release"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m release "$@"\n')
        command.chmod(0o755)
        desk = bench / "tour"
        hub = subprocess.Popen(
            ["sh", str(command), "demo", "--hub", str(desk)],  # another thread may hold it open
            env=_environment(desk),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            if hub.stdout is None or not hub.stdout.readline():
                raise UnexpectedExit("`release demo --hub` did not start")
            _config(desk / LARGE)
            yield desk
        finally:
            hub.send_signal(signal.SIGINT)
            hub.wait(timeout=30)


def _environment(desk: Path) -> dict[str, str]:
    path = f"{desk.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    fixed = {"PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}
    return {**os.environ, **fixed}


def _config(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        runpy.run_path(str(ROOT / "benchmarks" / "sparse.py"))["make"]("27B", whole)
        folder.mkdir()
        (folder / "config.json").write_bytes((whole / "config.json").read_bytes())
