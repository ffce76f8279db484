"""How many GPUs a pasted text gives a server: a shell's, a container's, a scheduler's words."""

import re
from collections.abc import Iterator

VISIBLE = r"(?:CUDA|HIP|ROCR|NVIDIA)_VISIBLE_DEVICES"
# A list of devices, as a shell, a manifest and a notebook write it.
LIST = rf"""\b{VISIBLE}["'\]]*\s*(?:[=:,]|\n\s*value:)\s*["']*([\w-]+(?:,[\w-]+)*)"""
DEVICE = re.compile(r"\d+|(?:GPU|MIG)-[\w-]+")
LISTS = (
    re.compile(LIST),
    re.compile(r"""--gpus[= ]+["'\\]*device=([\w-]+(?:,[\w-]+)*)"""),  # docker
)
IDS = re.compile(r"""device_ids:\s*\[([^\]]*)\]|device_ids:((?:\s*\n\s*-\s*["']?[\w-]+["']?)+)""")
CDI = re.compile(r"(?:--device[= ]+|AddDevice=)nvidia\.com/gpu=(\w+)")
N = r"(\d{1,4})(?!\d)"
COUNTS = (
    re.compile(rf"""--gpus[= ]+["']?{N}["']?(?![\w.:])"""),  # docker, srun
    re.compile(rf"""\b(?:nvidia|amd)\.com/gpu["']?(?:\s*:|\s+=)\s*["']?{N}"""),  # Kubernetes
    re.compile(rf"--(?:gres=gpu|gpus-per-node|gpus-per-task)(?::[a-z]\w*)?[=:](?:[a-z]\w*:)?{N}"),
    re.compile(rf"""\baccelerators:\s*["']?[\w.-]+:{N}"""),  # SkyPilot
    re.compile(rf"""driver:\s*["']?nvidia["']?\s*[,\n]\s*count:\s*["']?{N}"""),  # Compose
    re.compile(rf"""\bcount:\s*["']?{N}["']?\s*[,\n]\s*driver:\s*["']?nvidia\b"""),
)


def named_gpus(text: str) -> int | None:
    """The fewest GPUs that any word of a text gives; None where none says it, or all are given."""
    return min(_counts(text), default=None)


def _counts(text: str) -> Iterator[int]:
    for pattern in LISTS:
        for match in pattern.finditer(text):
            devices = match[1].split(",")
            if all(map(DEVICE.fullmatch, devices)):
                yield len(set(devices))
    for match in IDS.finditer(text):
        yield len(re.findall(r"[\w-]*\w", match[1] or match[2]))
    devices = CDI.findall(text)
    if devices and "all" not in devices:
        yield len(set(devices))
    for pattern in COUNTS:
        for match in pattern.finditer(text):
            yield int(match[1])
