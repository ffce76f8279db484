"""Print which attention backend vLLM's own code takes, on GPUs that need not be here.

Reads a list of [capability, layer] from the file that is named; a layer is {"head", "cache",
"dtype", "kind", "needs", "unplaced", "queries"}. Prints for each the backend of its first choice,
null if it raises, and every backend that it would take if told to. vLLM's CUDA platform answers as
on a GPU of that capability, where the kernels of its wheel for GPUs are said to be there. Chosen
backends are made, as some refuse only then.
"""

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import torch
from vllm import platforms

KERNELS = (
    "flashinfer",
    "vllm._C_stable_libtorch",
    "vllm._flashmla_C",
    "vllm._flashmla_extension_C",
    "vllm.third_party.flashmla.flash_mla_interface",
    "vllm.vllm_flash_attn._vllm_fa2_C",
    "vllm.vllm_flash_attn._vllm_fa3_C",
)
MADE = ("TRITON_ATTN", "TRITON_MLA")  # they look at the GPU when they are made


class Nothing(ModuleType):
    """A module of kernels, none of which is called."""

    def __getattr__(self, name: str) -> Any:
        """Have every class that is asked for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Finder:
    """Finds `Nothing` where a kernel is imported."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        """Find a module of `KERNELS` or a part of one."""
        found = any(f"{name}.".startswith(f"{kernel}.") for kernel in KERNELS)
        return ModuleSpec(name, self, is_package=True) if found else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make it."""
        return Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Let it have parts."""
        module.__path__ = []


sys.meta_path.insert(0, Finder())

from vllm.platforms import cuda  # noqa: E402
from vllm.platforms.interface import DeviceCapability  # noqa: E402

state = SimpleNamespace(gpu=DeviceCapability(9, 0), config=None)


class Gpu(cuda.CudaPlatformBase):  # type: ignore[misc]
    """A GPU of the capability that is asked about."""

    @classmethod
    def get_device_capability(cls, device_id: int = 0) -> Any:
        """Give the capability."""
        del device_id
        return state.gpu

    @classmethod
    def get_device_name(cls, device_id: int = 0) -> str:
        """Give a name for messages."""
        return f"GPU {device_id}"


platforms._current_platform = Gpu()  # noqa: SLF001

from vllm.config import vllm as config_module  # noqa: E402
from vllm.utils import flashinfer  # noqa: E402
from vllm.v1.attention.backends.registry import AttentionBackendEnum  # noqa: E402
from vllm.v1.attention.selector import AttentionSelectorConfig  # noqa: E402
from vllm.vllm_flash_attn import flash_attn_interface  # noqa: E402

flash_attn_interface.FA4_AVAILABLE = True
for has in ("nvidia_artifactory", "flashinfer_sm90_nope_mla", "flashinfer_sparse_mla_sm120"):
    setattr(flashinfer, f"has_{has}", lambda: True)
# What is allocated on a GPU, or asked about it, when a backend is imported or made.
torch.cuda.get_device_properties = lambda _device: SimpleNamespace(multi_processor_count=132)
with mock.patch.object(torch, "empty", return_value=None):
    AttentionBackendEnum.CUTLASS_MLA.get_class()


def settle(layer: dict[str, Any]) -> Any:
    """What of vLLM's config the backends look at."""
    text = SimpleNamespace(
        qk_nope_head_dim=layer["unplaced"],
        qk_rope_head_dim=64,
        kv_lora_rank=layer["head"] - 64,
        v_head_dim=128,
        index_topk=2048,
    )
    model = SimpleNamespace(
        hf_text_config=text,
        is_mm_prefix_lm="joined" in layer["needs"],
        rswa_window=None,
        is_diffusion=False,
        get_num_attention_heads=lambda _parallel: 32,
        get_num_kv_heads=lambda _parallel: 8,
        get_head_size=lambda: layer["head"],
    )
    parallel = SimpleNamespace(decode_context_parallel_size=1, prefill_context_parallel_size=1)
    attention = SimpleNamespace(flash_attn_version=None, use_trtllm_attention=None)
    return SimpleNamespace(
        model_config=model,
        cache_config=SimpleNamespace(cache_dtype=layer["cache"]),
        parallel_config=parallel,
        attention_config=attention,
    )


def selector(layer: dict[str, Any]) -> Any:
    """What the selector is asked."""
    needs = layer["needs"]
    return AttentionSelectorConfig(
        head_size=layer["head"],
        dtype=getattr(torch, layer["dtype"]),
        kv_cache_dtype=layer["cache"],
        block_size=None,
        use_mla=layer["kind"] != "plain",
        use_sparse=layer["kind"] == "sparse",
        has_sink="sinks" in needs,
        use_mm_prefix="joined" in needs,
        use_per_head_quant_scales="scaled" in needs,
        attn_type="encoder_decoder" if "cross" in needs else "decoder",
        has_sliding_window="window" in needs,
    )


def chosen(layer: dict[str, Any], named: Any = None) -> str | None:
    """The backend that vLLM takes, None if it raises, also when it is made."""
    try:
        path = Gpu.get_attn_backend_cls(named, selector(layer), num_heads=layer["queries"])
        name = next(b for b in AttentionBackendEnum if b.value == path)
        if name.name in MADE:
            make(name.get_class().get_impl_cls(), layer)
    except (ValueError, NotImplementedError, AssertionError):
        return None
    return str(name.name)


def make(implementation: Any, layer: dict[str, Any]) -> None:
    """Make one layer of a backend. Raises what it does."""
    more = {}
    if layer["kind"] != "plain":
        sizes = ("qk_rope_head_dim", "qk_head_dim", "v_head_dim")
        more = dict.fromkeys(sizes, 64) | {"q_lora_rank": None, "kv_b_proj": None}
        more |= {"kv_lora_rank": layer["head"] - 64, "qk_nope_head_dim": layer["unplaced"]}
    implementation(
        num_heads=32,
        head_size=layer["head"],
        scale=1.0,
        num_kv_heads=8,
        alibi_slopes=None,
        sliding_window=None,
        kv_cache_dtype=layer["cache"],
        logits_soft_cap=None,
        attn_type="decoder",
        kv_sharing_target_layer_name=None,
        **more,
    )


def main() -> None:
    """Print [first choice, [every backend that is taken if it is named]] for every case."""
    asked = json.loads(Path(sys.argv[1]).read_text())
    answers = []
    for capability, layer, named in asked:
        state.gpu = DeviceCapability(*capability)
        config_module._current_vllm_config = settle(layer)  # noqa: SLF001
        told = [name for name in named if chosen(layer, AttentionBackendEnum[name])]
        answers.append([chosen(layer), told])
    sys.stdout.write(f"ANSWERS{json.dumps(answers)}\n")


main()
