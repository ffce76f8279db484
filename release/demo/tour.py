"""The whole path on a tiny real checkpoint, every step as its own command."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from release.demo.hub import HubServer
from release.errors import ReleaseError
from release.manifest import MANIFEST_FILE, load_manifest

HERE = Path(__file__).parent
BROKEN = Path("broken")
HEADER_LINES = 18


class Step(msgspec.Struct, frozen=True):
    """One command of the tour, why it is run, and the exit code that it must end with."""

    why: str
    args: tuple[str, ...]
    code: int = 0
    show: Path | None = None
    """A file that the command wrote, to print the beginning of."""


def run_tour(folder: Path | None) -> None:
    """Run every step in `folder`, which stays; without one in a temporary folder.

    Raises `ReleaseError` when a step ends with another exit code than it must.
    """
    with empty_folder(folder) as work:
        manifest = load_manifest(HERE / MANIFEST_FILE)
        checkpoint = Path(manifest.checkpoint or "checkpoint")
        shutil.copyfile(HERE / MANIFEST_FILE, work / MANIFEST_FILE)
        shutil.copytree(HERE / "checkpoint", work / checkpoint)
        break_a_copy(work / checkpoint, work / BROKEN)
        with HubServer(work / "hub") as hub:
            for step in _steps(manifest.repo, checkpoint):
                _run(step, work, _environment(hub, work))
            commits = len([request for request in hub.requests if "/commit/" in request.path])
            _say(f"The Hub on {hub.endpoint} took {commits} commit, with every byte as verified.")
        if folder:
            _say(f"All of it is in {folder}.")


def _steps(repo: str, checkpoint: Path) -> tuple[Step, ...]:
    return (
        Step("Is it right? Proven from its own bytes.", ("verify", str(checkpoint))),
        Step("What is in it?", ("tables",)),
        Step(
            "The card: every number computed, none typed.", ("card",), 0, checkpoint / "README.md"
        ),
        Step("What would be published? Nothing is written.", ("push", repo, "--dry-run")),
        Step("Publish, to a Hub on this machine.", ("push", repo, "--yes", "--tag", "v1")),
        Step("A copy with one letter wrong in a target.", ("verify", str(BROKEN)), 1),
    )


def _run(step: Step, work: Path, environment: dict[str, str]) -> None:
    _say(step.why)
    click.secho(f"$ release {' '.join(step.args)}", bold=True)
    sys.stdout.flush()
    command = [sys.executable, "-m", "release", *step.args]
    code = subprocess.run(command, cwd=work, env=environment, check=False).returncode  # noqa: S603 - ourselves
    if step.show:
        lines = (work / step.show).read_text(encoding="utf-8").splitlines()
        click.echo("\n".join([*lines[:HEADER_LINES], f"… {len(lines) - HEADER_LINES} more lines"]))
    if code != step.code:
        what = f"`release {' '.join(step.args)}` ended with {code}, not {step.code}"
        raise ReleaseError(what, hint="please report it")


def _environment(hub: HubServer, work: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return kept | hub_environment(hub, work)


def hub_environment(hub: HubServer, work: Path) -> dict[str, str]:
    """Settings of the Hub's client that keep the caller's own token and cache out of reach."""
    return {
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.token,
        "HF_HOME": str(work / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_XET_TELEMETRY_ENABLED": "0",
    }


def break_a_copy(source: Path, target: Path) -> None:
    """Copy a checkpoint and misspell one module in the targets of its config groups."""
    shutil.copytree(source, target)
    path = target / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    groups = config["quantization_config"]["config_groups"]
    for group in groups.values():
        group["targets"] = [name.replace("gate_proj", "gate_porj") for name in group["targets"]]
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


@contextmanager
def empty_folder(given: Path | None) -> Iterator[Path]:
    """Make the folder, or a temporary one; raises `ReleaseError` when it holds something."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="release-demo-") as temporary:
            yield Path(temporary)
        return
    if given.exists() and any(given.iterdir()):
        raise ReleaseError("is not empty", where=str(given), hint="name a new folder")
    given.mkdir(parents=True, exist_ok=True)
    yield given


def _say(text: str) -> None:
    click.secho(f"\n── {text}", fg="cyan")
