"""GPUs by name: what memory CUDA reports, and what they compute natively."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from release.errors import ReleaseError
from release.units import GB, GIB

DATA = Path(__file__).with_name("gpus.toml")

MEMORY_SLACK = 0.03  # of a GPU's memory: drivers keep some of it for themselves
BRANDS = r"nvidia|geforce|amd|instinct|tesla|quadro|tensor core|\bgpu\b|sxm\d*|pcie|hbm\d*e?"
SIZE = re.compile(r"(.*\w)[\s(_-]+(\d{2,3})\s*gi?b\)?", re.IGNORECASE)
SEVERAL = re.compile(r"\s*(\d+)\s*[x×]\s*(.+)", re.IGNORECASE)
SAME_SIZE = 0.08
# Kernels for these differ by release and shape.
UNCERTAIN = frozenset({"MXFP4XFP8", "MXFP6", "MXFP6A8", "MXFP6A16", "W4AFP8"})
UNQUANTIZED = frozenset({"UNQUANTIZED", "BF16", "F16", "F32"})

FP8_SINCE, FP4_SINCE, TURING = (8, 9), (10, 0), (7, 5)
# By the capability's first number: which kernel it is differs by release and scheme.
WEIGHT_ONLY = {9: "Marlin or Humming", 10: "Marlin or CuTe"}
# What a scheme's name begins with, the least capability that computes it, and how.
NATIVE = (
    ("NVFP4", FP4_SINCE, "native FP4"),
    ("MXFP4", FP4_SINCE, "native FP4"),
    ("MXFP8", FP4_SINCE, "native FP8"),
    ("FP8", FP8_SINCE, "native FP8"),
)


class Gpu(msgspec.Struct, frozen=True):
    """One GPU: `total` is the lowest and highest that CUDA reports, in GiB.

    `capability` is CUDA's compute capability, None for other makers' GPUs. `smi` is MiB.
    """

    name: str
    total: tuple[float, ...]
    source: str
    capability: str | None = None
    aliases: tuple[str, ...] = ()
    smi: int | None = None
    estimated: bool = False

    @property
    def low(self) -> int:
        """The least total memory seen, in bytes."""
        return int(min(self.total) * GIB)

    @property
    def high(self) -> int:
        """The most total memory seen, in bytes."""
        return int(max(self.total) * GIB)

    @property
    def compute(self) -> tuple[int, int] | None:
        """The compute capability as numbers."""
        if self.capability is None:
            return None
        major, _, minor = self.capability.partition(".")
        return int(major), int(minor)


class _Data(msgspec.Struct, frozen=True):
    gpu: tuple[Gpu, ...]


@cache
def all_gpus() -> tuple[Gpu, ...]:
    """Every GPU of the data file."""
    return msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8")), _Data).gpu


def find_gpu(name: str) -> Gpu:
    """Find a GPU by its name or an alias, as people and drivers write them. Raises `ReleaseError`.

    A memory size in the name must be the GPU's: other memory is another GPU.
    """
    known = {_plain(alias): gpu for gpu in all_gpus() for alias in (gpu.name, *gpu.aliases)}
    found = _look_up(name, known)
    if found is not None:
        return found
    several = SEVERAL.fullmatch(name)
    one = _look_up(several[2], known) if several is not None else None
    if several is not None and one is not None:
        hint = f'--gpu "{one.name}" --tensor-parallel-size {several[1]}'
        raise ReleaseError(f"{name!r:.60} are several GPUs: name one", hint=hint)
    sized = SIZE.fullmatch(name.strip())
    chip = _look_up(sized[1], known) if sized is not None else None
    near = [_plain(chip.name)] if chip else difflib.get_close_matches(_plain(name), known, 1, 0.5)
    names = known[near[0]].name if near else ", ".join(gpu.name for gpu in all_gpus())
    hint = f"did you mean {names}?" if near else f"known are {names}"
    raise ReleaseError(f"{name!r:.60} is not a GPU we know", hint=f"{hint}; or --available 44.5GiB")


def is_gpu(gpu: Gpu, device: str, total: int) -> bool:
    """Whether a device is that GPU, by its driver's name for it and its memory in bytes."""
    chip = _plain(re.sub(r" \d+GB$", "", gpu.name))
    expected = gpu.smi << 20 if gpu.smi else gpu.high
    return chip in _plain(device) and abs(total - expected) < MEMORY_SLACK * expected


def _look_up(name: str, known: Mapping[str, Gpu]) -> Gpu | None:
    plain = _plain(name)
    found = known.get(plain) or known.get(f"rtx{plain}")
    sized = SIZE.fullmatch(name.strip())
    if found is not None or sized is None:
        return found
    found = _look_up(sized[1], known)
    size = float(sized[2]) * GB
    return found if found and abs(size - found.high) < SAME_SIZE * found.high else None


def native_kernels(scheme: str, gpu: Gpu) -> str:
    """How vLLM computes a scheme on a GPU: natively, or weight-only with 16-bit activations.

    Source: vLLM 0.32 model_executor/kernels/linear/__init__.py and
    layers/quantization/compressed_tensors: FP8 needs capability 8.9, FP4 and MXFP8 10.0.
    """
    compute = gpu.compute
    if compute is None:
        return "not known: not an NVIDIA GPU"
    kind = scheme.upper()
    native = next((row for row in NATIVE if kind.startswith(row[0])), None)
    if kind in UNCERTAIN:
        return "not known"
    if "A16" in kind or (native is not None and compute < native[1]):
        return _weight_only(compute)
    if native is not None:
        return native[2]
    if ("INT8" in kind or kind == "W8A8") and TURING <= compute < FP4_SINCE:
        return "native INT8"
    return "16 bits" if kind in UNQUANTIZED else "not known"


def _weight_only(compute: tuple[int, int]) -> str:
    if compute < TURING:
        return "not supported"
    return f"weight-only ({WEIGHT_ONLY.get(compute[0], 'Marlin')})"


def _plain(name: str) -> str:
    """`NVIDIA H100 80GB HBM3` -> `h10080gb`, `GeForce RTX-5090` -> `rtx5090`."""
    return re.sub(f"{BRANDS}|[^a-z0-9]", "", name.lower())
