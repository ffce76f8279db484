"""A checkpoint and an empty Hub to try commands on, until Ctrl-C: what the tutorial is typed in."""

import shlex
import shutil
import signal
import threading
from pathlib import Path

import click

from release.demo.hub import HubServer
from release.demo.tour import HERE, empty_folder, hub_environment

CHECKPOINT = "ckpt"
ENVIRONMENT = "hub.env"


def stay(folder: Path) -> None:
    """Lay out `ckpt` and `hub.env` in the new folder, and serve its Hub until SIGINT or SIGTERM.

    Raises `ReleaseError` when the folder is not empty.
    """
    stop = threading.Event()
    with empty_folder(folder) as work, HubServer(work / "hub") as hub:
        shutil.copytree(HERE / "checkpoint", work / CHECKPOINT)
        settings = hub_environment(hub, work.resolve())
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
        (work / ENVIRONMENT).write_text("".join(lines), encoding="utf-8")
        click.echo(f"A checkpoint is in {work / CHECKPOINT}; a Hub listens on {hub.endpoint}.")
        click.echo("In another terminal:\n")
        click.echo(f"  cd {shlex.quote(str(work))} && . ./{ENVIRONMENT}\n")
        click.echo("Ctrl-C here ends the Hub; the files stay.")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
