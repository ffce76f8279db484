"""Where a GPU's memory goes before the cache gets the rest.

vLLM takes a share of the memory that CUDA reports and subtracts weights, what the profiling run
allocated at its peak, and (since 0.20) an estimate of CUDA graphs; the CUDA context is outside the
share. Source: vLLM 0.32 v1/worker/gpu_worker.py, determine_available_memory.
"""

import math
from typing import Literal

import msgspec

from release.memory.defaults import Settled
from release.memory.versions import subtracts_graphs
from release.units import MIB

Basis = Literal["exact", "measured", "estimated", "given"]


class Term(msgspec.Struct, frozen=True):
    """One part of a GPU's memory: between `low` and `high` bytes, and how that is known."""

    name: str
    low: int
    high: int
    basis: Basis
    source: str


class Budget(msgspec.Struct, frozen=True):
    """A GPU's share and what is taken from it; all in bytes, `low` and `high` of what is left."""

    terms: tuple[Term, ...]
    low: int
    high: int


# Bytes that vLLM's process takes beside PyTorch's tensors: kernels, cuBLAS and NCCL workspaces.
# Measured with vLLM 0.24.0 on H100 and H200: tests/golden/logs.
OTHER = (64 * MIB, 640 * MIB)
# What the driver takes for a process before vLLM asks: 0.51 GiB on H100 and H200.
CONTEXT = (256 * MIB, 704 * MIB)
NCCL = (128 * MIB, 1024 * MIB)
# What loading leaves on each of several GPUs beside the model: 123 MB at most on two H100s.
COMMUNICATION = 192 * MIB
# One captured size, piecewise and full; the V2 model runner of 0.24 estimates none.
GRAPH, FIRST_GRAPH = (0, 24 * MIB), 64 * MIB
# What kernels keep beside the tensors of a checkpoint, as a share of their bytes.
LAYOUTS = 0.01


def share(total: tuple[int, int], settled: Settled) -> Term:
    """The memory that vLLM allows itself: total * gpu_memory_utilization, rounded up."""
    low, high = (math.ceil(size * settled.utilization) for size in total)
    basis: Basis = "exact" if low == high else "estimated"
    return Term("share", low, high, basis, f"total x {settled.utilization:g}")


def other(settled: Settled) -> Term:
    """Kernels and libraries' workspaces."""
    low, high = OTHER
    if _several(settled):
        low, high = low + NCCL[0], high + NCCL[1]
    return Term("kernels and workspaces", low, high, "estimated", "logs of vLLM 0.24.0")


def beside_weights(weights: int, tables: tuple[int, int], settled: Settled) -> Term:
    """What a loaded model holds that is in no file: rotary tables, some kernels' own layouts."""
    low, high = tables
    high += int(weights * LAYOUTS)
    what = "rotary tables, kernels' layouts"
    if _several(settled):
        high, what = high + COMMUNICATION, f"{what}, communication"
    return Term("beside the weights", low, high, "estimated", what)


def context() -> Term:
    """What a process takes before vLLM measures anything: not part of the share."""
    return Term("CUDA context", *CONTEXT, "estimated", "outside the share; logs of vLLM 0.24.0")


def graphs(settled: Settled, workspace: int) -> Term:
    """CUDA graphs, as vLLM estimates them before it sizes the cache.

    `workspace` are the bytes that latent attention allocates in a run without metadata, which a
    rehearsal of a graph may be too: seen with 4 GiB in tests/golden/logs.
    """
    if not settled.captured:
        return Term("CUDA graphs", 0, 0, "exact", "none are captured")
    if not subtracts_graphs(settled.serving.version):
        return Term("CUDA graphs", 0, 0, "exact", "captured later, outside the share, by this vLLM")
    sizes = settled.sizes
    source = f"{sizes} captured sizes up to {settled.captured}"
    high = FIRST_GRAPH + sizes * GRAPH[1] + workspace
    return Term("CUDA graphs", sizes * GRAPH[0], high, "estimated", source)


def spend(whole: Term, parts: tuple[Term, ...]) -> Budget:
    """What the parts leave of the share: the least and the most, in bytes."""
    low = whole.low - sum(part.high for part in parts)
    high = whole.high - sum(part.low for part in parts)
    return Budget((whole, *parts), low, high)


def _several(settled: Settled) -> bool:
    serving = settled.serving
    return serving.tensor_parallel_size * serving.pipeline_parallel_size > 1
