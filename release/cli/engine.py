"""Which vLLM to run: the option that commands with a smoke test share."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.options import Decorator, find_manifest
from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.checkpoint.location import Location
    from release.manifest import Manifest
    from release.smoke.evidence import Engine

LOG = Path(".release/smoke.log")
LACKING = 64
LOOK = f"import importlib.util as u; raise SystemExit(0 if u.find_spec('vllm') else {LACKING})"


def _program(text: str) -> Path:
    """A name is looked for on PATH; with a slash it is a file, which `Path` alone would forget."""
    return Path(text).absolute() if os.sep in text else Path(text)


python_option: Decorator = click.option(
    "--python",
    callback=lambda _context, _option, value: value and _program(value),
    metavar="PATH",
    help="The Python that has what runs in a child: vllm, from 0.17 on (default: python).",
)


serve_option: Decorator = click.option(
    "--serve", is_flag=True, help="Run the card's own `vllm serve` command too, and talk to it."
)

profile_option: Decorator = click.option(
    "--profile",
    metavar="GPU",
    help="With --serve: the command that the card prints for this GPU, not for the one here.",
)


def make_engine(
    python: Path | None,
    base: "Location | None" = None,
    timeout: int | None = None,
    profile: str | None = None,
    *,
    serve: bool = False,
) -> "Engine":
    """Say which vLLM to run and how, by the options and the manifest's `[smoke]`.

    Raises `ReleaseError` where the card's command is asked for and there is no manifest, and for a
    base on the Hub: vLLM is given folders.
    """
    import msgspec  # noqa: PLC0415 - keeps --help fast

    from release.checkpoint import CONFIG_FILE  # noqa: PLC0415
    from release.smoke.evidence import Engine  # noqa: PLC0415
    from release.smoke.expectations import Expectations  # noqa: PLC0415

    if base is not None and not isinstance(base, Path):
        hint = f"run `hf download {base.repository}`, and name the folder"
        raise ReleaseError("the smoke test needs its base in a folder", where=str(base), hint=hint)
    if base is not None and not (base / CONFIG_FILE).is_file():
        raise ReleaseError(f"there is no {CONFIG_FILE} in it", where=str(base))
    manifest = find_manifest()
    expectations = manifest.smoke if manifest else Expectations()
    if timeout:
        expectations = msgspec.structs.replace(expectations, timeout=timeout)
    if serve and manifest is None:
        hint = "its repo and serve-args are the card's command"
        raise ReleaseError("--serve needs a manifest", where="release.toml", hint=hint)
    if profile is not None and not serve:
        raise ReleaseError("--profile goes with --serve")
    command, gpu = _choose(manifest, profile) if serve and manifest else ((), None)
    python = python or Path("python")
    if _lacks_vllm(python):
        hint = "name the Python of its environment: --python PATH"
        raise ReleaseError("has no vllm", where=str(python), hint=hint)
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        LOG.open("ab").close()
    except OSError as error:
        raise ReleaseError(f"cannot be written: {error.strerror}", where=str(LOG)) from None
    return Engine(python, LOG, expectations, base, command, gpu)


def _lacks_vllm(python: Path) -> bool:
    """Whether a Python runs and has no such package; what else is wrong with it shows later."""
    from release.smoke import ELSEWHERE  # noqa: PLC0415 - keeps --help fast

    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603 - the user's own Python
            [str(python), "-c", ELSEWHERE + LOOK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode == LACKING
    return False


def _choose(manifest: "Manifest", profile: str | None) -> tuple[tuple[str, ...], str | None]:
    """The card's command for this machine. Raises `ReleaseError`."""
    from release.card.choice import choose_command  # noqa: PLC0415
    from release.smoke.gpu import list_gpus, visible  # noqa: PLC0415

    gpus = list_gpus()
    return choose_command(manifest, profile, visible(gpus) if isinstance(gpus, tuple) else ())
