"""Build models in vLLM on no device and print which config group it gives each of their layers.

Reads {folder: [declaration]} from the file that is named; the weights of each group have a number
of bits of their own, and that is printed for it. Nothing is quantized: what vLLM
asks its config for is answered by its own code and noted down.
"""

import copy
import json
import socket
import sys
from pathlib import Path
from typing import Any

import torch
from vllm.config import set_current_vllm_config
from vllm.distributed import init_distributed_environment, initialize_model_parallel
from vllm.engine.arg_utils import EngineArgs
from vllm.model_executor.layers.fused_moe import RoutedExperts, UnquantizedFusedMoEMethod
from vllm.model_executor.layers.linear import LinearBase, UnquantizedLinearMethod
from vllm.model_executor.layers.quantization.compressed_tensors.compressed_tensors import (
    CompressedTensorsConfig,
)
from vllm.model_executor.layers.vocab_parallel_embedding import VocabParallelEmbedding
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.model_executor.models import registry
from vllm.utils.torch_utils import set_default_torch_dtype

# vLLM looks at each class of models in a process of its own, which imports all of vLLM first.
registry._run_in_subprocess = lambda look: look()  # noqa: SLF001

asked: list[tuple[str, Any]] = []  # (prefix, layer) in the order in which vLLM builds them
mappers: list[Any] = []  # the renames that it applied to the declaration


class Noting(CompressedTensorsConfig):  # type: ignore[misc]
    """A declaration that notes what it is asked for and quantizes nothing."""

    def get_quant_method(self, layer: Any, prefix: str) -> Any:
        """Note the layer down."""
        if isinstance(layer, LinearBase | VocabParallelEmbedding | RoutedExperts):
            asked.append((prefix, layer))
        if isinstance(layer, LinearBase):
            return UnquantizedLinearMethod()
        if isinstance(layer, RoutedExperts):
            return UnquantizedFusedMoEMethod(layer.moe_config)
        return None

    def apply_vllm_mapper(self, hf_to_vllm_mapper: Any) -> None:
        """Note the renames down."""
        mappers.append(hf_to_vllm_mapper)


def choose(config: Any, layer: Any, prefix: str) -> int | str | None:
    """What vLLM's own code says: bits, None, or the beginning of its error."""
    names = [prefix]
    if isinstance(layer, RoutedExperts):
        config._add_fused_moe_to_target_scheme_map()  # noqa: SLF001 - what get_moe_method does
        parts = (layer.ckpt_gate_proj_name, layer.ckpt_up_proj_name, layer.ckpt_down_proj_name)
        names = [f"{prefix}.0.{part}" for part in parts]
    try:
        found = [config.get_scheme_dict(layer, name) for name in names]
    except ValueError as error:
        return str(error)[:40]
    if any(other != found[0] for other in found):
        return "All MoE projections need to have same qu"
    return found[0]["weights"].num_bits if found[0] else None


def free_port() -> int:
    """A port that nobody has: tests run side by side."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build(folder: str) -> tuple[dict[str, list[str]], bool]:
    """Build the model of a folder, as far as this machine can; return the fused mapping."""
    asked.clear()
    mappers.clear()
    arguments = EngineArgs(
        model=folder, skip_tokenizer_init=True, enforce_eager=True, max_model_len=64
    )
    engine = arguments.create_engine_config()
    quant = engine.quant_config
    quant.__class__ = Noting
    try:
        with set_current_vllm_config(engine):
            if not torch.distributed.is_initialized():
                init_distributed_environment(1, 0, f"tcp://127.0.0.1:{free_port()}", 0, "gloo")
                initialize_model_parallel(1, 1)
            with torch.device("meta"), set_default_torch_dtype(torch.bfloat16):
                initialize_model(engine)
        whole = True
    except (NotImplementedError, AttributeError):  # a kernel or a setting that is not for CPUs
        whole = False
    return quant.packed_modules_mapping, whole


def main() -> None:
    """Print {folder: {"whole", "layers": {name: [class, choice for each declaration]}}}."""
    answers = {}
    for folder, declarations in json.loads(Path(sys.argv[1]).read_text()).items():
        packed, whole = build(folder)
        layers: dict[str, list[int | str | None]] = {
            prefix: [type(layer).__name__] for prefix, layer in asked
        }
        for declaration in declarations:
            config = CompressedTensorsConfig.from_config(copy.deepcopy(declaration))
            config.packed_modules_mapping = dict(packed)
            for mapper in mappers:
                config.apply_vllm_mapper(mapper)
            for prefix, layer in asked:
                layers[prefix].append(choose(config, layer, prefix))
        answers[folder] = {"whole": whole, "layers": layers}
    sys.stdout.write(f"ANSWERS{json.dumps(answers)}\n")


main()
