"""The machine: Python, packages, GPUs and their driver, disk."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from release import __version__
from release.doctor import Check, Needs, Status
from release.smoke.gpu import list_gpus
from release.units import GB, GIB, decimal_bytes
from release.unknown import Unknown

PACKAGES = ("click", "huggingface_hub", "hf-xet", "jinja2", "msgspec", "numpy", "rich")
EXTRAS = ("ray", "compressed-tensors", "transformers", "model-signing")
LITTLE = 2 * GB
"""Bytes of free disk below which a log or an upload's own bookkeeping may find no room."""


def check_machine(needs: Needs) -> Iterator[Check]:
    """Look at what every command needs, and at what some can use."""
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check("release", "ok", f"{__version__}, Python {python}")
    yield _packages()
    yield _gpus(needs)
    yield _disk("disk here", Path.cwd())
    yield _disk("disk of the Hub's client", _hub_home())


def _packages() -> Check:
    found = {name: _version(name) for name in (*PACKAGES, *EXTRAS)}
    missing = [name for name in PACKAGES if found[name] is None]
    if missing:
        hint = "install release again: pip install ."
        return Check("packages", "problem", f"missing: {', '.join(missing)}", hint)
    return Check("packages", "ok", ", ".join(f"{name} {v}" for name, v in found.items() if v))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _gpus(needs: Needs) -> Check:
    gpus = list_gpus()
    if isinstance(gpus, Unknown) or not gpus:
        reason = gpus.reason if isinstance(gpus, Unknown) else "nvidia-smi lists none"
        status: Status = "problem" if needs.smoke else "note"
        return Check("GPU", status, reason, "the smoke test then needs a vLLM for CPUs")
    parts = [
        f"{gpu.name}, {(gpu.total - gpu.used) / GIB:.1f} of {gpu.total / GIB:.1f} GiB free"
        for gpu in gpus
    ]
    return Check("GPU", "ok", f"{'; '.join(parts)}; driver {gpus[0].driver}")


def _disk(name: str, place: Path) -> Check:
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Check(name, "problem", "nothing can be written there", "change its rights")
    free = shutil.disk_usage(place).free
    text = f"{decimal_bytes(free)} free"
    if free < LITTLE:
        return Check(name, "problem", text, "logs, reports and uploads keep files there")
    return Check(name, "ok", text)


def _hub_home() -> Path:
    """Where huggingface_hub keeps what it has, by its own variables."""
    caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("HF_HOME", f"{caches}/huggingface")).expanduser().absolute()
