"""What nvidia-smi says of the GPUs, where there is one: names, driver, memory in use."""

import os
import shutil
import subprocess
import time

import msgspec

from release.unknown import Unknown

QUERY = "index,name,driver_version,memory.used,memory.total"
FIELDS = QUERY.count(",") + 1
SECONDS = 20.0
PATIENCE = 30.0
TOLERANCE = 256 << 20
TICK = 0.5


class Gpu(msgspec.Struct, frozen=True):
    """One GPU: memory in bytes, as the driver counts it."""

    index: int
    name: str
    driver: str
    used: int
    total: int


def list_gpus() -> tuple[Gpu, ...] | Unknown:
    """Ask nvidia-smi. Unknown where there is none, or it does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Unknown("there is no nvidia-smi")
    command = [program, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603 - found on PATH, fixed arguments
            command, capture_output=True, text=True, timeout=SECONDS, check=True
        )
        return tuple(_gpu(line) for line in done.stdout.splitlines() if line.strip())
    except (OSError, subprocess.SubprocessError, ValueError):
        return Unknown("nvidia-smi gives no answer")


def _gpu(line: str) -> Gpu:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != FIELDS:
        raise ValueError(line)
    index, name, driver, used, total = parts
    return Gpu(int(index), name, driver, int(used) << 20, int(total) << 20)


def visible(gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """Keep the GPUs that CUDA_VISIBLE_DEVICES names by number; all where it does not."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    numbers = {part.strip() for part in named.split(",") if part.strip().isdecimal()}
    return tuple(gpu for gpu in gpus if not numbers or str(gpu.index) in numbers)


def freed(before: tuple[Gpu, ...] | Unknown, patience: float = PATIENCE) -> bool | Unknown:
    """Say whether each GPU's memory is free again, as it was before (within 256 MiB).

    Drivers take a while: it has `patience` seconds.
    """
    if isinstance(before, Unknown):
        return before
    deadline = time.monotonic() + patience
    while True:
        now = list_gpus()
        if isinstance(now, Unknown):
            return now
        used = {gpu.index: gpu.used for gpu in now}
        if all(used.get(gpu.index, 0) <= gpu.used + TOLERANCE for gpu in before):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(TICK)
