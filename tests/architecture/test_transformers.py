"""What a config implies, held to transformers' own model on the meta device.

transformers names the tensors as it would save them. Its experts are 3-D parameters, so they are
cut as llm-compressor does before it saves; whether transformers then writes `experts.0.gate_proj`
or the fused form is its own decision, and we must know both.
"""

import json
import re
import warnings
from typing import Any

import pytest

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.architecture.skeleton import Shape
from release.facts.reference.inside import build as build_script
from tests.architecture.configs import CONFIGS
from tests.architecture.pieces import Config

pytestmark = [
    pytest.mark.reference,
    pytest.mark.filterwarnings("ignore"),
]
UNKNOWN_TO_TRANSFORMERS = {"kimi_k2"}
# Its way back from `mlp` takes dense layers for experts: no file of the release has such names.
MISNAMED = re.compile(r"\.block_sparse_moe\.(?=(?:gate|up|down)_proj\.)")


def build(raw: Config) -> Any:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    settings = json.loads(json.dumps(raw))
    config = transformers.AutoConfig.for_model(settings.pop("model_type"), **settings)
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(transformers, raw["architectures"][0])(config)


def saved(model: Any, *, linear_experts: bool) -> dict[str, Shape]:
    written = build_script.saved(model, linear_experts=linear_experts)
    return {MISNAMED.sub(".mlp.", name): tuple(shape) for name, shape in written.items()}


def implied(config: Config, stored: dict[str, Shape]) -> dict[str, Shape]:
    names = frozenset(name.rpartition(".")[0] for name in stored)
    architecture = derive_architecture(ModelConfig(config), names)
    assert isinstance(architecture, Architecture), architecture
    return {
        f"{module}.{role}": shape
        for module, expected in architecture.modules.items()
        for role, shape in (expected.tensors or unstated(module, stored)).items()
    }


def unstated(module: str, stored: dict[str, Shape]) -> dict[str, Shape]:
    """Shapes of a form whose orientation differs between checkpoints, taken as they are."""
    return {
        name.removeprefix(f"{module}."): shape
        for name, shape in stored.items()
        if name.rpartition(".")[0] == module
    }


@pytest.mark.parametrize("linear_experts", [True, False], ids=["linear", "as-released"])
@pytest.mark.parametrize("name", CONFIGS)
def test_names_and_shapes_are_those_of_transformers(name: str, linear_experts: bool) -> None:
    raw = CONFIGS[name]
    model = build(raw)
    stored = saved(model, linear_experts=linear_experts)
    assert implied(raw, stored) == stored
    complete = json.loads(model.config.to_json_string(use_diff=False))
    assert implied(complete, stored) == stored


def test_every_family_is_held_to_transformers() -> None:
    tested = {str(config["model_type"]) for config in CONFIGS.values()}
    assert set(FAMILIES) - tested == UNKNOWN_TO_TRANSFORMERS
