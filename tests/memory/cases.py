"""Real public configs x vLLM options: what our plan and vLLM's are compared on."""

import json
from pathlib import Path
from typing import Any

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.memory.model import ENDLESS, context_limit
from release.memory.pool import Pool, plan_pool
from release.memory.serving import Serving
from release.unknown import Unknown

HERE = Path(__file__).parent
CONFIGS = sorted((HERE / "configs").glob("*.json"))
PLANNED = HERE / "planned.json"
GIB = 1 << 30

Options = dict[str, Any]
Case = dict[str, Any]

MTP: Options = {"method": "mtp", "num_speculative_tokens": 2}
# Options as vLLM spells them, and GiB that are available for the cache on each GPU.
SETTINGS: tuple[tuple[Options, int], ...] = (
    ({}, 60),
    ({"kv_cache_dtype": "fp8"}, 60),
    ({"tensor_parallel_size": 2}, 60),
    ({"kv_cache_dtype": "fp8", "tensor_parallel_size": 8}, 40),
    ({"pipeline_parallel_size": 2}, 60),
    ({"pipeline_parallel_size": 3, "mamba_ssm_cache_dtype": "bfloat16"}, 20),
    ({"enable_prefix_caching": False, "max_model_len": 8000}, 60),
    ({"kv_cache_dtype": "fp8", "max_model_len": 8192, "max_num_batched_tokens": 8192}, 24),
    ({"max_model_len": 8191}, 1),
    ({}, 3),
    ({"kv_cache_dtype": "int8_per_token_head", "tensor_parallel_size": 4}, 40),
    ({"kv_cache_dtype": "int4_per_token_head"}, 40),
    ({"kv_cache_dtype": "nvfp4"}, 20),
    ({"kv_cache_dtype": "turboquant_k3v4_nc"}, 20),
    ({"disable_hybrid_kv_cache_manager": True}, 30),
    ({"block_size": 128, "enable_prefix_caching": False}, 20),
    ({"speculative_config": MTP}, 60),
    ({"num_gpu_blocks_override": 5000, "max_model_len": 4096}, 60),
)


def all_cases() -> list[Case]:
    """Every config with every setting; vLLM finds no length by itself for a model without one."""
    cases = []
    for path in CONFIGS:
        config = json.loads(path.read_text())["config"]
        given: Options = {"language_model_only": True, "max_num_batched_tokens": 2048}
        if config["model_type"] in ENDLESS:
            given["max_model_len"] = 4096
        cases += [
            {
                "name": path.stem,
                "config": config,
                "options": given | options,
                "available": gib * GIB,
            }
            for options, gib in SETTINGS
        ]
    return cases


def plan(case: Case) -> Pool | Unknown:
    """Our plan of a case."""
    config = ModelConfig(case["config"])
    architecture = derive_architecture(config)
    assert isinstance(architecture, Architecture), architecture
    options = {**case["options"]}
    del options["language_model_only"]
    options.pop("max_model_len", None)
    speculative = options.pop("speculative_config", {})
    tokens = speculative.get("num_speculative_tokens", 0)
    return plan_pool(config, architecture, Serving(num_speculative_tokens=tokens, **options))


def answer(case: Case, pool: Pool) -> Case:
    """What vLLM would say of a plan, in the words of the oracle."""
    available = case["available"]
    limit = context_limit(ModelConfig(case["config"]))
    assert isinstance(limit, int), limit
    length = case["options"].get("max_model_len") or pool.longest(available, limit)
    if not length or not pool.fits(available, length):
        return {"longest": pool.longest(available, length or limit)}
    return {
        "length": length,
        "blocks": pool.blocks(available),
        "tokens": pool.tokens(available, length),
        "concurrency": pool.concurrency(available, length),
        "in_flight": pool.in_flight,
    }
