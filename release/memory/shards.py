"""How vLLM splits weights over the GPUs of a tensor-parallel group."""

import msgspec

VOCABULARY_PADDING = 64  # rows; vLLM 0.32 layers/vocab_parallel_embedding.py

# The last part of a module's name -> how vLLM splits it. Sources: the model classes of vLLM 0.32
# (models/*.py), which build these names from ColumnParallelLinear, QKVParallelLinear,
# RowParallelLinear, ReplicatedLinear and VocabParallelEmbedding.
VOCABULARY = frozenset({"embed_tokens", "lm_head", "embeddings"})
KEYS_VALUES = frozenset({"k_proj", "v_proj"})
INPUT = frozenset({"o_proj", "down_proj", "out_proj", "w2", "dense", "linear_fc2", "fc2", "x_proj"})
OUTPUT = frozenset(
    {
        *("q_proj", "gate_proj", "up_proj", "gate_up_proj", "w1", "w3", "qkv_proj"),
        *("q_b_proj", "kv_b_proj", "in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b"),
        *("in_proj_qkvz", "in_proj_ba", "in_proj", "dt_proj", "conv1d", "qkv", "linear_fc1", "fc1"),
        *("input_linear", "output_linear", "linear_attn", "mixer", "mamba", "experts"),
    }
)
SCANNED = frozenset({"in_proj", "conv1d"})  # of Mamba 2: each GPU has whole groups of B and C
WHOLE_ROLES = frozenset({"weight_global_scale", "input_scale", "input_global_scale"})
# A mixer's own norm is one vector a head, or split with its heads; LFM2's convolution by channel.
SPLIT_ENDS = ("mixer.norm", "mamba.norm", ".conv.conv")


class Split(msgspec.Struct, frozen=True):
    """The sizes that decide about replication.

    `copied_rows` are those that Mamba 2's groups add, over all ranks, where there are fewer groups.
    `expert_ranks` is over how many ranks routed experts are split, 0 for all of them.
    """

    ranks: int
    kv_heads: int
    vocabulary: int
    copied_rows: int = 0
    expert_ranks: int = 0


def split_by(module: str) -> tuple[bool, str, bool]:
    """All of a module's name that decides how it is split."""
    return ".experts." in module, module.rpartition(".")[2], module.endswith(SPLIT_ENDS)


def rank_bytes(module: str, role: str, nbytes: int, shape: tuple[int, ...], split: Split) -> int:
    """Bytes of one tensor on each rank; `nbytes` are those of the whole."""
    routed, last, split_end = split_by(module)
    ranks = split.expert_ranks or split.ranks if routed else split.ranks
    if last in VOCABULARY and shape and shape[0] == split.vocabulary:
        return _vocabulary_bytes(nbytes, shape[0], ranks)
    if ranks == 1 or role in WHOLE_ROLES or not shape or not nbytes:
        return nbytes
    if last in KEYS_VALUES:
        return nbytes // min(ranks, max(split.kv_heads, 1))
    if last in INPUT:
        # Only what has input columns is split: a bias or a scale a row is on every rank.
        return nbytes // ranks if len(shape) > 1 and shape[-1] > 1 else nbytes
    if last in SCANNED and shape[0] > split.copied_rows:
        nbytes += nbytes * split.copied_rows // shape[0]
    if last in OUTPUT or split_end:
        return nbytes // ranks
    return nbytes


def _vocabulary_bytes(nbytes: int, rows: int, ranks: int) -> int:
    padded = -(-rows // VOCABULARY_PADDING) * VOCABULARY_PADDING
    return nbytes // rows * -(-padded // ranks)
