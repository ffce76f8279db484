import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

QKV = "model.visual.blocks.0.attn.qkv"


def quantize(draft: Draft, module: str) -> Draft:
    """Store a Linear as the FP8 per channel of the demo's first group, and claim it."""
    rows, columns = draft.shape(f"{module}.weight")
    draft.retype(f"{module}.weight", "F8_E4M3", [rows, columns])
    draft.add(f"{module}.weight_scale", "BF16", [rows, 1], beside=f"{module}.weight")
    config = draft.read()["quantization_config"]
    draft.config("quantization_config.ignore", [n for n in config["ignore"] if n != module])
    targets = config["config_groups"]["group_0"]["targets"]
    return draft.config("quantization_config.config_groups.group_0.targets", [*targets, module])


@pytest.mark.parametrize("module", [QKV, "model.visual.merger.linear_fc1"])
def test_fires_on_the_tower_and_on_its_projector(
    module: str, mixed: Draft, findings: Judge
) -> None:
    broken = quantize(mixed, module)
    assert findings("T113", broken) == [f"warning {module}"]
    assert findings("T104", broken) == []


def test_silent_on_a_tower_in_floats(mixed: Draft, findings: Judge) -> None:
    assert findings("T113", mixed) == []


def test_silent_on_a_tower_that_is_claimed_and_not_quantized(mixed: Draft, findings: Judge) -> None:
    kept = mixed.config("quantization_config.ignore", ["lm_head"])
    kept.config("quantization_config.config_groups.group_0.targets", ["Linear"])
    assert findings("T113", kept) == []  # T103 says it


@pytest.mark.parametrize("name", ["qwen3_vl-nvfp4", "mistral3-fp8", "gemma3-w4a16"])
def test_silent_on_other_multimodal_models(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T113", draft(name)) == []
