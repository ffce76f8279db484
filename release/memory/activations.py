"""What a profiling run holds at its peak beside the weights.

vLLM runs the vision tower on as many images as a step takes, then the model on a step of
max_num_batched_tokens, then the sampler on max_num_seqs rows of logits; it keeps the peak free.
Source: vLLM 0.32 v1/worker/gpu/model_runner.py, profile_run. The bounds hold for every start in
tests/golden/logs.
"""

from release.memory.budget import Term
from release.memory.defaults import Settled
from release.memory.shape import Shape
from release.memory.versions import keeps_latent_pages, samples_in_place
from release.units import MIB

BYTES = 2  # of an activation
# Bytes a logit: the model's dtype and float32; sorting for top-p takes values and indices too.
LOGIT, SORTED_LOGIT = 6, 16
# The most that no formula above counts; GDN and Mamba kernels tune themselves with a buffer that
# clears the GPU's cache.
REST, TUNING = 128 * MIB, 256 * MIB
# Rows of the workspace that latent attention up-projects cached tokens in.
LATENT_ROWS, LATENT_REQUESTS, LATENT_PAGES = 65_536, 8, 4
AGAIN = 2
IMAGE_TOKENS = 16_384  # of the largest image where the tower takes any size


def activations(shape: Shape, settled: Settled, workspace: int) -> Term:
    """The peak of the profiling run, in bytes on one GPU; `workspace` is `latent_workspace`."""
    serving = settled.serving
    tokens = serving.max_num_batched_tokens
    sampler = LOGIT if samples_in_place(serving.version) else SORTED_LOGIT
    logits = settled.sequences * shape.vocabulary
    low = max(tokens * shape.least * BYTES + workspace, logits * LOGIT)
    forward = tokens * shape.most * BYTES + workspace
    high = max(forward + _compiling(shape, settled), logits * sampler)
    images, outputs = (0, 0) if settled.text_only else _images(shape, tokens)
    most = max(high, images) + outputs + REST + (TUNING if shape.recurrent else 0)
    what = f"{tokens:,} tokens a step, {settled.sequences:,} sequences"
    return Term("activation peak", low, most, "estimated", what)


def _compiling(shape: Shape, settled: Settled) -> int:
    """Bytes of a copy of the embedding: compiled starts peak that much higher than eager ones.

    Seen with vLLM 0.24.0, where the same 27B model peaks at 0.38 GiB eager and 2.47 compiled.
    """
    return 0 if settled.eager else shape.embedding * BYTES


def latent_workspace(shape: Shape, settled: Settled, block: int) -> int:
    """Bytes in which latent attention up-projects cached tokens, with blocks of `block` tokens.

    Source: vLLM 0.32 layers/attention/mla_attention.py, determine_chunked_prefill_workspace_size.
    """
    if not shape.latent:
        return 0
    requests = LATENT_REQUESTS * (settled.length or settled.limit)
    rows = min(max(requests, LATENT_PAGES * settled.sequences * block), LATENT_ROWS)
    if keeps_latent_pages(settled.serving.version):
        rows = max(rows, settled.sequences * block)
    else:
        rows = -(-rows // block) * block
    return rows * shape.latent * BYTES


def allocated_again(workspace: int, settled: Settled) -> int:
    """Bytes that a start with CUDA graphs may allocate after its cache, beside what it keeps free.

    The workspace of latent attention once in a graph's own pool and once in a warm-up: seen with
    4 GiB in tests/golden/logs.
    """
    return AGAIN * workspace if settled.captured else 0


def _images(shape: Shape, tokens: int) -> tuple[int, int]:
    """Bytes of the tower's peak and of its outputs, which are kept until the step is done."""
    tower = shape.tower
    if tower is None:
        return 0, 0
    tokens = max(tokens, IMAGE_TOKENS) if tower.dynamic else tokens
    return tokens * tower.patches * tower.width * BYTES, 2 * tokens * shape.hidden * BYTES
