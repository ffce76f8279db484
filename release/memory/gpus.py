"""GPUs by name: what memory CUDA reports, and what they compute natively."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from release.errors import ReleaseError
from release.units import GB, GIB

DATA = Path(__file__).with_name("gpus.toml")

MEMORY_SLACK = 0.03  # of a GPU's memory: drivers keep some of it for themselves
BRANDS = (
    r"nvidia|geforce|amd|instinct|radeon (?=rx)|tesla|quadro|tensor core|\bgpus?\b|sxm\d*|pcie"
    r"|hbm\d*e?"
)
SIZE = re.compile(r"(.*\w)[\s(_-]+(\d{1,3})\s*gi?b?\)?", re.IGNORECASE)
COUNTS = {"dual": 2, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8}
# Each has a name; the number may stand before or behind it.
SEVERAL = (
    re.compile(rf"\s*(\d{{1,3}}|{'|'.join(COUNTS)})(?:\s*[x×*]\s*|\s+)(.+?)s?\s*", re.IGNORECASE),
    re.compile(r"\s*(?P<name>.+?)\s*[x×*:]\s*(?P<count>\d{1,3})\s*", re.IGNORECASE),
)
# vLLM runs on these by plugins, which size their caches themselves.
ELSEWHERE = re.compile(
    r"gaudi|hpu|\btpu|inferentia|trainium|ascend|\b910b|\barc\b|\bmax 1\d{3}|apple"
    r"|\bm[1-5] (?:max|pro|ultra)|\bcpu\b|xeon|epyc",
    re.IGNORECASE,
)
SAME_SIZE = 0.08
LIKENESS = 0.7
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
    def is_amd(self) -> bool:
        """Whether it is AMD's: the only other maker in the data file."""
        return self.capability is None and self in all_gpus()

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
    gpu, count = find_gpus(name)
    if count is not None:
        hint = f'--gpu "{gpu.name}" --tensor-parallel-size {count}'
        raise ReleaseError(f"{name!r:.60} are several GPUs: name one", hint=hint)
    return gpu


def find_gpus(name: str) -> tuple[Gpu, int | None]:
    """Find a GPU as `find_gpu` does, and how many there are: `2x4090`, `H100 x 8`; None for one."""
    known = {_plain(alias): gpu for gpu in all_gpus() for alias in (gpu.name, *gpu.aliases)}
    found = _look_up(name, known)
    if found is not None:
        return found, None
    for said, one in _counted(name):
        found = _look_up(one, known)
        count = COUNTS.get(said.lower()) or int(said)
        if found is not None and count:
            return found, count
    raise ReleaseError(f"{name!r:.60} is not a GPU we know", hint=_nearest(name, known))


def _counted(name: str) -> Iterator[tuple[str, str]]:
    before, behind = (pattern.fullmatch(name) for pattern in SEVERAL)
    if before is not None:
        yield before[1], before[2]
    if behind is not None:
        yield behind["count"], behind["name"]


def _nearest(name: str, known: Mapping[str, Gpu]) -> str:
    """What to write instead."""
    otherwise = "or --available 44.5GiB"
    if ELSEWHERE.search(name):
        return f"how vLLM's plugin for it sizes its cache is not modelled; {otherwise}"
    sized = SIZE.fullmatch(name.strip())
    chip = _look_up(sized[1], known) if sized is not None else None
    plain = _plain(name)
    begun = [each for each in known if plain and each.startswith((plain, f"rtx{plain}"))]
    near = (
        begun[:3]
        or difflib.get_close_matches(plain, known, 3, LIKENESS)
        or difflib.get_close_matches(f"rtx{plain}", known, 3, LIKENESS)
    )
    names = list(dict.fromkeys(known[each].name for each in near))
    if chip is not None:
        names = [chip.name]
    if names:
        return f"did you mean {' or '.join(names)}?; {otherwise}"
    return f"known are {', '.join(gpu.name for gpu in all_gpus())}; {otherwise}"


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
    found = known.get(_plain(f"{sized[1]} {sized[2]}GB"))
    if found is not None:
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
