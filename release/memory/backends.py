"""Which attention backend of vLLM takes a layer on a GPU.

Sources: vLLM 0.32 platforms/cuda.py, _get_backend_priorities; v1/attention/backends,
validate_configuration of each and what its implementation refuses beyond that. vLLM itself is asked
by tests/differential/test_attention.py. The kernels that its wheels for GPUs come with are taken to
be there.
"""

from functools import cache
from pathlib import Path

import msgspec

from release.memory.dtypes import PER_TOKEN_HEAD, TURBOQUANT
from release.memory.serving import Capability
from release.memory.versions import NEWEST, Version, parse_version

TABLE = Path(__file__).with_name("attention.txt")
HELD: Version = (0, 29)  # the first release that was read for it
NOW = parse_version(NEWEST)
ROCM = "rocm"
PLAIN, LATENT, SPARSE = "plain", "latent", "sparse"
WINDOW, CROSS, SINKS, JOINED, SCALED = "window", "cross", "sinks", "joined", "scaled"

MODEL = frozenset({"auto", "float16", "bfloat16"})
E4M3 = frozenset({"fp8", "fp8_e4m3"})
GROUPS = {
    "MODEL": MODEL,
    "FLOAT16": MODEL - {"bfloat16"},
    "E4M3": E4M3,
    "FP8": E4M3 | {"fp8_e5m2"},
    "NVFP4": frozenset({"nvfp4", "nvfp4_4over6"}),
    "INT": frozenset(name for name in PER_TOKEN_HEAD if name.startswith("int")),
    "FP8_PER_TOKEN": frozenset({"fp8_per_token_head"}),
    "TURBOQUANT": frozenset(TURBOQUANT),
    "DS_MLA": frozenset({"fp8_ds_mla", "nvfp4_ds_mla"}),
    "BF16": frozenset({"bfloat16"}),
    "HALF": frozenset({"float16", "bfloat16"}),
    "ANY": frozenset({"float16", "bfloat16", "float32"}),
}
# Parts of keys without position that a kernel is built for.
UNPLACED = {"FLASHINFER_MLA": {64, 128, 192}, "FLASHINFER_MLA_SPARSE": {128, 192}}
FEW_QUERIES = 16  # heads on a GPU, up to which FlashInfer's sparse kernel comes first

# What is tried for each number before the point of a capability, in this order; 0 is any other.
FIRST = {
    PLAIN: {
        9: ("TRITON_FLASH_ATTN", "FLASH_ATTN", "FLASHINFER"),
        10: ("TRITON_FLASHINFER", "FLASHINFER", "FLASH_ATTN"),
        0: ("FLASH_ATTN", "FLASHINFER"),
    },
    LATENT: {
        9: ("FLASH_ATTN_MLA", "FLASHMLA", "TRITON_MLA"),
        10: ("FLASHINFER_MLA", "CUTLASS_MLA", "TRITON_MLA"),
        0: ("TRITON_MLA",),
    },
    SPARSE: {
        9: ("FLASH_ATTN_MLA_SPARSE", "FLASHMLA_SPARSE", "FLASHINFER_MLA_SPARSE_SM90"),
        10: ("FLASHMLA_SPARSE", "FLASHINFER_MLA_SPARSE"),
        0: ("FLASHINFER_MLA_SPARSE_SM120",),
    },
}
# Backends that vLLM has beside those of the table: others' GPUs, single models, not in its wheels.
OTHERS = frozenset(
    {
        *("FLASH_ATTN_DIFFKV", "TRITON_ATTN_DIFFKV", "ROCM_SEGMENTED_ATTN", "TORCH_SDPA", "CUSTOM"),
        *("ROCM_AITER_TRITON_MLA", "XPU_MLA_SPARSE", "TOKENSPEED_MLA", "FLASHMLA_SPARSE_DSV4"),
        *("FLASHINFER_MLA_SPARSE_DSV4", "ROCM_FLASHMLA_SPARSE_DSV4", "FLASHMLA_SPARSE_DSV41"),
        *("FLASHINFER_MLA_SPARSE_DSV41", "FLASHMLA_MEGA_ATTN_DSV41", "B12X", "MINIMAX_M3_SPARSE"),
        *("CUTLASS_MSA", "TRITON_MSA", "NO_ATTENTION", "HPC_ATTN", "CPU_ATTN", "CPU_MLA"),
        "AMX_MLA",
    }
)
LAST = ("TRITON_ATTN", "FLEX_ATTENTION", "TURBOQUANT")
COMPOSED = frozenset({"TRITON_FLASH_ATTN", "TRITON_FLASHINFER"})


class Layer(msgspec.Struct, frozen=True):
    """What a layer asks of a backend.

    `head` is how wide a head is, or what latent attention keeps of a token; `unplaced` the part of
    its keys without position; `queries` heads of queries on one GPU. `cache` is the KV cache dtype,
    `dtype` the model's.
    """

    head: int
    cache: str = "auto"
    dtype: str = "bfloat16"
    kind: str = PLAIN
    needs: frozenset[str] = frozenset()
    unplaced: int = 128
    queries: int = 64


class Way(msgspec.Struct, frozen=True):
    """One row of the table: `gpus` are the first and the last capability, None for ROCm.

    It holds since a release of vLLM.
    """

    kind: str
    name: str
    gpus: tuple[Capability, Capability] | None
    caches: frozenset[str]
    heads: frozenset[int] | range
    dtypes: frozenset[str]
    since: Version
    takes: frozenset[str]

    def accepts(self, layer: Layer) -> bool:
        """Whether the layer can be taken so, on a GPU that is among `gpus`."""
        return (
            layer.kind == self.kind
            and layer.cache in self.caches
            and layer.dtype in self.dtypes
            and layer.head in self.heads
            and layer.needs <= self.takes
            and layer.unplaced in UNPLACED.get(self.name, {layer.unplaced})
        )

    def runs_on(self, gpu: Capability | None) -> bool:
        """Whether this is one of its GPUs; None is ROCm's."""
        if self.gpus is None or gpu is None:
            return self.gpus is None and gpu is None
        return self.gpus[0] <= gpu <= self.gpus[1]


def takers(layer: Layer, gpu: Capability | None, version: Version = NOW) -> frozenset[str]:
    """The backends that take a layer on a GPU of that capability, on ROCm where it is None."""
    able = (way for way in ways() if way.runs_on(gpu) and way.accepts(layer))
    return frozenset(way.name for way in able if way.since <= version)


def choose(layer: Layer, gpu: Capability, version: Version = NOW) -> str | None:
    """The backend that vLLM chooses for a layer on a CUDA GPU; None if no backend takes it."""
    able = takers(layer, gpu, version)
    return next((name for name in _order(layer, gpu[0]) if name in able), None)


def _order(layer: Layer, major: int) -> tuple[str, ...]:
    choices = FIRST[layer.kind]
    order = (*choices.get(major, choices[0]), *LAST)
    if layer.kind == SPARSE and (layer.cache not in MODEL or layer.queries <= FEW_QUERIES):
        order = ("FLASHINFER_MLA_SPARSE", *order)
    return order if JOINED in layer.needs else tuple(n for n in order if n not in COMPOSED)


@cache
def every_backend() -> frozenset[str]:
    """All that --attention-backend may name: vLLM 0.32 v1/attention/backends/registry.py."""
    return OTHERS | {way.name for way in ways()}


@cache
def ways() -> tuple[Way, ...]:
    """The table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return tuple(_way(line.split()) for line in lines if not line.startswith("#"))


def _way(columns: list[str]) -> Way:
    kind, name, gpus, caches, heads, dtypes, since, takes = columns
    first, _, last = gpus.partition("-")
    return Way(
        kind=kind,
        name=name,
        gpus=None if gpus == ROCM else (_point(first), _point(last or first)),
        caches=_names(caches),
        heads=_widths(heads),
        dtypes=_names(dtypes),
        since=HELD if since == "-" else _point(since),
        takes=frozenset(takes.split(",")),
    )


def _point(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _names(text: str) -> frozenset[str]:
    return frozenset(name for word in text.split(",") for name in GROUPS.get(word, {word}))


def _widths(text: str) -> frozenset[int] | range:
    """`64,128` or `8..256/8`: from 8 in steps of 8 up to 256."""
    span, _, step = text.partition("/")
    if not step:
        return frozenset(map(int, text.split(",")))
    least, most = map(int, span.split(".."))
    return range(least, most + 1, int(step))
