"""What vLLM 0.32 settles where an option is not given: source and reason beside each default."""

import json
from typing import Any

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.memory.defaults import Traits, settle
from release.memory.gpus import find_gpu
from release.memory.options import Options
from release.memory.pool import plan_pool
from release.unknown import Unknown
from tests.memory.cases import CONFIGS

VISION = Traits(inputs=("image", "video"))
BIDIRECTIONAL = Traits(inputs=("image", "video"), least_step=2496)
SETTLED: list[tuple[str, Traits, Options, dict[str, Any]]] = [
    ("L40S", VISION, Options(), {"sequences": 256, "captured": 512, "sizes": 51}),
    ("L40S", VISION, Options(withheld=("image",)), {"text_only": False}),
    ("L40S", VISION, Options(withheld=("image", "video")), {"text_only": True}),
    ("L40S", Traits(inputs=("image",)), Options(withheld=("image",)), {"text_only": True}),
    ("L40S", Traits(), Options(withheld=("image",)), {"text_only": False}),
    ("L40S", VISION, Options(mm_encoder_tp_mode="data"), {"whole_towers": True}),
    ("H100", VISION, Options(optimization_level=0), {"eager": True, "graphs": "none"}),
    ("H100", VISION, Options(enforce_eager=True), {"eager": True, "captured": 0}),
    ("H100", VISION, Options(optimization_level=1), {"eager": False, "graphs": "piecewise"}),
    ("H100", VISION, Options(cudagraph_mode="NONE"), {"eager": False, "captured": 0}),
    ("H100", VISION, Options(max_cudagraph_capture_size=64), {"captured": 64, "sizes": 11}),
    ("H100", VISION, Options(cudagraph_capture_sizes=(1, 8)), {"captured": 8, "sizes": 2}),
    ("H100", VISION, Options(max_num_seqs=8, speculative_tokens=3), {"captured": 64}),
    ("H100", VISION, Options(max_num_batched_tokens=100), {"captured": 100, "sequences": 100}),
    ("B200", VISION, Options(), {"sequences": 1024, "captured": 1024}),
    ("H100", VISION, Options(performance_mode="throughput"), {"sequences": 2048}),
]
STEPS: list[tuple[Traits, Options, int]] = [
    (VISION, Options(), 2048),
    (BIDIRECTIONAL, Options(), 2496),
    (BIDIRECTIONAL, Options(language_model_only=True), 2048),
    (BIDIRECTIONAL, Options(max_num_batched_tokens=512), 512),
    (VISION, Options(enable_chunked_prefill=False), 32_768),
    (VISION, Options(performance_mode="throughput"), 4096),
    (VISION, Options(max_num_seqs=1, max_model_len=1000), 1000),
]


@pytest.mark.parametrize(("gpu", "traits", "options", "expected"), SETTLED)
def test_options_settle_as_in_vllm(
    gpu: str, traits: Traits, options: Options, expected: dict[str, Any]
) -> None:
    settled = settle(options, "0.32.0", find_gpu(gpu), 32_768, traits)
    assert {name: getattr(settled, name) for name in expected} == expected


@pytest.mark.parametrize(("traits", "options", "tokens"), STEPS)
def test_a_step_has_as_many_tokens(traits: Traits, options: Options, tokens: int) -> None:
    settled = settle(options, "0.32.0", find_gpu("L40S"), 32_768, traits)
    assert settled.serving.max_num_batched_tokens == tokens


def test_windows_hold_one_step_where_no_other_is_in_flight() -> None:
    for options, steps in (
        (Options(), 2),
        (Options(distributed_executor_backend="ray"), 1),
        (Options(async_scheduling=False), 1),
    ):
        settled = settle(options, "0.32.0", None, 32_768, VISION)
        assert settled.serving.tokens_in_flight == steps * 2048


@pytest.mark.parametrize(
    ("name", "gpu", "backend", "traits", "block"),
    [
        ("DeepSeek-V3", "H100", None, Traits(), 16),
        ("DeepSeek-V3", "B200", None, Traits(), 32),
        ("DeepSeek-V3", "B200", "CUTLASS_MLA", Traits(), 128),
        ("DeepSeek-V3", "H100", "FLASHMLA", Traits(), 64),
        ("DeepSeek-V3", "H100", "B12X", Traits(), None),
        ("gemma-4-26B-A4B", "B200", None, Traits(joined=True), 64),
        ("gemma-4-26B-A4B", "B200", None, Traits(), 16),
        ("gemma-4-26B-A4B", "H100", None, Traits(joined=True), 16),
        ("Qwen3-8B", "B200", None, Traits(joined=True), 16),
    ],
)
def test_blocks_are_those_of_the_attention_backend(
    name: str, gpu: str, backend: str | None, traits: Traits, block: int | None
) -> None:
    path = CONFIGS[0].with_name(f"{name}.json")
    config = ModelConfig(json.loads(path.read_text())["config"])
    architecture = derive_architecture(config)
    assert isinstance(architecture, Architecture)
    options = Options(attention_backend=backend)
    settled = settle(options, "0.32.0", find_gpu(gpu), 4096, traits)
    pool = plan_pool(config, architecture, settled.serving)
    assert (None if isinstance(pool, Unknown) else pool.block) == block
