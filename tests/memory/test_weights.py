"""Weights computed from a bare config.json, held to the parameters of vLLM's own modules.

`planned.json` has the bytes of the parameters that vLLM 0.32.0 made for one rank.
"""

import json

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.facts import Facts
from release.facts.implied import imply_tensors
from release.facts.modules import Modules
from release.facts.shards import rank_weights
from release.memory.serving import Serving
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown
from tests.memory.cases import CONFIGS, PLANNED, SETTINGS

UNQUANTIZED = QuantizationConfig((), (), None, None, None, None)
EXPECTED = json.loads(PLANNED.read_text())
# vLLM keeps routers, a second copy of keys that are values too, or Mamba-1's wide A_log and the
# convolutions of Kimi Delta Attention in float32, or biases that are zero (Whisper), in ways that
# no config states.
LOOSE = {
    *("Gemma-4-31B-IT-NVFP4", "gemma-4-26B-A4B", "MiniMax-M2.5", "AI21-Jamba-1.5-Mini"),
    "GLM-4.7-Flash",
    *(
        "Kimi-Linear-48B-A3B",
        "mamba-2.8b-hf",
        "Mamba-Codestral-7B-v0.1",
        "whisper-large-v3",
        "whisper-large-v3-turbo",
    ),
} | {f"NVIDIA-Nemotron-3-{size}" for size in ("Nano-30B-A3B-NVFP4", "Super-120B-A12B-FP8")}
FLOAT32_VECTORS = 100_000  # bytes: A_log, score biases


def known(name: str) -> tuple[ModelConfig, Architecture, Modules]:
    config = ModelConfig(json.loads(CONFIGS[0].with_name(f"{name}.json").read_text())["config"])
    architecture = derive_architecture(config)
    assert isinstance(architecture, Architecture)
    tensors = imply_tensors(config, architecture, UNQUANTIZED)
    given = {"config": config, "architecture": architecture, "quantization": UNQUANTIZED}
    return config, architecture, Facts({**given, "tensors": tensors}).get("modules")


@pytest.mark.parametrize("name", [path.stem for path in CONFIGS])
def test_each_rank_holds_what_vllm_makes(name: str) -> None:
    config, architecture, modules = known(name)
    start = [path.stem for path in CONFIGS].index(name) * len(SETTINGS)
    compared = set()
    for (options, _), expected in zip(SETTINGS, EXPECTED[start:], strict=False):
        ranks = options.get("tensor_parallel_size", 1)
        if "weights" not in expected or "pipeline_parallel_size" in options or ranks in compared:
            continue
        compared.add(ranks)
        serving = Serving(tensor_parallel_size=ranks)
        ours = rank_weights(modules, config, architecture, serving, text_only=True)
        assert not isinstance(ours, Unknown)
        allowed = 0.011 * expected["weights"] if name in LOOSE else FLOAT32_VECTORS
        assert abs(ours.bytes - expected["weights"]) <= allowed, ranks
        assert ours.bytes == sum(ours.components.values())
    assert {1, 2} <= compared  # and 8, where the heads can be split over as many
