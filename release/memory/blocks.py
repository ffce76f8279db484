"""The smallest block of tokens that attention kernels take."""

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
    **dict.fromkeys(("FLASHMLA_SPARSE", "FLASH_ATTN_MLA_SPARSE", "FLASHINFER_MLA_SPARSE"), 64),
    **dict.fromkeys(("FLASHINFER_MLA_SPARSE_SM90", "FLASHINFER_MLA_SPARSE_SM120"), 64),
    "CUTLASS_MLA": 128,
}


def kernel_block(serving: Serving, *, latent: bool) -> int:
    """Tokens of a block without --block-size, for the backends that are chosen.

    Where these are not known, `latent` says that the model has latent attention to all tokens.
    Raises `NotModelled`.
    """
    backends = serving.backends
    if not backends and latent and serving.datacenter_blackwell:
        backends = ("FLASHINFER_MLA",)
    unknown = next((name for name in backends if name not in BLOCKS), None)
    if unknown is not None:
        raise NotModelled(f"the blocks of attention backend {unknown!r:.40}")
    return max((BLOCKS[name] for name in backends), default=DEFAULT_BLOCK)
