"""The packages' own verdict: compressed-tensors and transformers asked in child processes.

They run in any Python that has them (`verify --reference`, `--python`), offline, without remote
code, under limits of time and memory. What they answer are facts like any other.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.facts.reference.room import Answers, room_of
from release.offline import offline_environment
from release.unknown import Unknown

INSIDE = Path(__file__).with_name("inside")
PACKAGES = ("compressed-tensors", "transformers", "torch")
SECONDS = 300.0  # on a busy machine; a model of 45,000 modules takes half a minute


class Reference(msgspec.Struct, frozen=True):
    """A Python that has the packages, and their versions. `seconds` may each child take."""

    python: Path
    versions: dict[str, str]
    seconds: float = SECONDS

    def named(self, package: str) -> str:
        """Name a package with its version."""
        return f"{package} {self.versions[package]}"


def provide_reference() -> Reference | Unknown:
    """Where the packages are; the caller gives it."""
    return Unknown("level reference was not run")


def find_reference(python: Path) -> Reference:
    """Look for the packages in a Python. Raises `ReleaseError` if one is missing."""
    try:
        child = subprocess.run(  # noqa: S603 - the user's own Python, our own file
            [python, INSIDE / "versions.py", *PACKAGES],
            env=offline_environment(),
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
        versions = json.loads(child.stdout)
    except OSError as error:
        what = f"cannot be started: {error.strerror}"
        raise ReleaseError(what, where=str(python), hint="--python names a Python") from None
    except (subprocess.SubprocessError, ValueError):
        raise ReleaseError("is no Python that answers", where=str(python)) from None
    missing = [package for package in PACKAGES if package not in versions]
    if missing:
        raise ReleaseError(
            f"--reference needs {' and '.join(missing)}",
            hint="pip install 'release-checkpoint[reference]', or name a Python that has them "
            "with --python",
        )
    return Reference(python, versions)


def ask(reference: Reference, script: str, order: dict[str, Any]) -> Answers:
    """Run a script of `inside` on an order; give its answers by name.

    Each answer is a line of JSON, so that what was said before a death counts. `unable` among
    the answers is why it could not go on.
    """
    return room_of(reference.python).ask(script, order, reference.seconds)
