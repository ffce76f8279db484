"""Our table of vLLM's kernels against the kernel that vLLM's own code picks."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from release.quantization.config import FORMATS, parse_quantization
from release.quantization.presets import preset
from release.quantization.support import CAPABILITIES, LINEAR_KERNELS, Parts, find_kernel
from tests.conftest import ROOT, Run

pytestmark = pytest.mark.vllm

PRESETS = (
    *("NVFP4", "NVFP4A16", "MXFP4", "MXFP4A16", "MXFP8", "MXFP8A16", "FP8", "FP8_DYNAMIC"),
    *("FP8_BLOCK", "W8A8", "W4A16_ASYM", "W4AFP8", "W2A16", "W3A16", "W4A4", "W4A8", "W8A16"),
)
# What one argument is changed to.
CHANGES: dict[str, list[Any]] = {
    "num_bits": [1, 2, 3, 4, 8, 9],
    "type": ["int", "float"],
    "symmetric": [True, False],
    "strategy": ["tensor", "channel", "token"],
    "dynamic": [True, False],
    "scale_dtype": [None, "torch.uint8"],
}
GROUPED = [{"strategy": s, "group_size": g} for s in ("group", "tensor_group") for g in (16, 32)]


def cases(random: Random, count: int) -> list[list[Any]]:
    """Presets with up to two changes, in any format, on any GPU; valid for compressed_tensors."""
    found: list[list[Any]] = []
    while len(found) < count:
        group: dict[str, Any] = json.loads(json.dumps(preset(random.choice(PRESETS))))
        if random.random() < 0.2:
            group["input_activations"] = (preset(random.choice(PRESETS)) or {}).get(
                "input_activations"
            )
        if random.random() < 0.1:
            static = {"num_bits": 8, "type": "int", "strategy": "tensor"}
            group |= {"output_activations": static, "input_activations": static}
        for part in random.sample(["weights", "input_activations"], 2):
            if group.get(part) and random.random() < 0.5:
                key = random.choice([*CHANGES, "grouped"])
                grouped = random.choice(GROUPED)
                change = grouped if key == "grouped" else {key: random.choice(CHANGES[key])}
                plain = {"group_size": None} if key == "strategy" else {}
                group[part] = {**group[part], **plain, **change}
        form = random.choice([*sorted(FORMATS), None])
        group["format"] = form
        raw = {"config_groups": {"group_0": {"targets": ["Linear"], **group}}}
        if not parse_quantization(raw).problems:
            keys = ("weights", "input_activations", "output_activations", "format")
            capability = random.choice(CAPABILITIES)
            found.append([*(group.get(key) for key in keys), capability])
    return found


def test_every_group_gets_the_kernel_that_vllm_picks(vllm: Run, tmp_path: Path) -> None:
    asked = cases(Random(0), 3000)
    question = tmp_path / "question.json"
    question.write_text(json.dumps(asked))
    result = vllm(ROOT / "tests" / "vllm" / "picked_kernels.py", question)
    line = next((line for line in result.stdout.splitlines() if line.startswith("ANSWERS")), None)
    assert line is not None, result.stderr[-3000:]
    answers = json.loads(line.removeprefix("ANSWERS"))
    for case, theirs in zip(asked, answers, strict=True):
        weights, inputs, outputs, form, capability = case
        raw = {"targets": ["Linear"], "weights": weights, "input_activations": inputs}
        raw["output_activations"] = outputs
        (group,) = parse_quantization({"config_groups": {"group_0": raw}}).groups
        assert group.weights is not None
        parts = Parts(group.weights, group.input_activations, group.output_activations, form)
        ours = find_kernel(LINEAR_KERNELS, parts, capability)
        if group.weights.strategy == "block" and parts.inputs and not parts.inputs.dynamic:
            assert ours is None  # vLLM's classes for blocks assert dynamic inputs later on
            continue
        assert (ours.name if ours else None) == theirs, case
    assert {kernel.name for kernel in LINEAR_KERNELS} <= set(answers)
