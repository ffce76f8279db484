"""The smallest block of tokens that attention kernels take."""

from collections.abc import Collection

from release.memory import NotModelled
from release.memory.serving import DEFAULT_BLOCK, Serving

# Source: vLLM 0.32 v1/attention/backends, get_supported_kernel_block_sizes and
# get_preferred_block_size.
BLOCKS = {
    **dict.fromkeys(("FLASH_ATTN", "FLASHINFER", "TRITON_ATTN", "FLEX_ATTENTION"), DEFAULT_BLOCK),
    **dict.fromkeys(("TRITON_FLASH_ATTN", "TRITON_MLA", "FLASH_ATTN_MLA"), DEFAULT_BLOCK),
    **dict.fromkeys(("ROCM_ATTN", "ROCM_AITER_FA", "ROCM_AITER_UNIFIED_ATTN"), DEFAULT_BLOCK),
    **dict.fromkeys(("ROCM_AITER_MLA", "TURBOQUANT"), DEFAULT_BLOCK),
    "FLASHINFER_MLA": 32,
    **dict.fromkeys(("FLASHMLA", "TRITON_FLASHINFER"), 64),
    **dict.fromkeys(("FLASHMLA_SPARSE", "FLASH_ATTN_MLA_SPARSE"), 64),
    "CUTLASS_MLA": 128,
}


JOINED = frozenset({256, 512})  # widths of heads that TRITON_FLASHINFER takes


def kernel_block(serving: Serving, *, latent: bool, heads: Collection[int]) -> int:
    """Tokens of a block without --block-size.

    `latent` says that the model has latent attention to all tokens, `heads` how wide the others'
    heads are. Source: vLLM 0.32 platforms/cuda.py, _get_backend_priorities. Raises `NotModelled`.
    """
    backend = serving.attention_backend
    if backend is None and serving.datacenter_blackwell:
        joined = serving.joined_inputs and bool(heads) and JOINED.issuperset(heads)
        backend = "FLASHINFER_MLA" if latent else "TRITON_FLASHINFER" if joined else None
    if backend is not None and backend not in BLOCKS:
        raise NotModelled(f"the blocks of attention backend {backend!r:.40}")
    return DEFAULT_BLOCK if backend is None else BLOCKS[backend]
