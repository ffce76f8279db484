"""Print the kernel that vLLM's own code picks for config groups, on GPUs that need not be here.

Reads a list of [weights, input_activations, output_activations, format, capability] from the file
that is named; prints the class that it would make for a Linear, null if it raises.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from vllm.model_executor.layers.quantization.compressed_tensors import compressed_tensors as dense

# These look for a kernel on this machine when they are made.
FINDING = ("W4A4Fp4", "W4A4Mxfp4", "W4A8Mxfp4", "W8A8Fp8", "W8A8Int8", "W8A8Mxfp8", "W8A16Fp8")
PREFIX = "CompressedTensors"
REFUSALS = (ValueError, NotImplementedError, AttributeError, AssertionError, RuntimeError)


def named(name: str) -> Any:
    """Stand in for a class that looks for a kernel: only its name is wanted."""
    capability = getattr(dense, PREFIX + name).get_min_capability
    made = type(PREFIX + name, (), {"__init__": lambda _self, **_arguments: None})
    made.get_min_capability = capability  # type: ignore[attr-defined]
    return made


def config_of(parts: list[Any]) -> Any:
    """The config of one group for everything, as vLLM reads it."""
    weights, inputs, outputs, form, _ = parts
    group = {"targets": ["Linear"], "weights": weights, "input_activations": inputs}
    group |= {"output_activations": outputs, "format": form}
    raw = {"config_groups": {"group_0": group}, "format": form, "ignore": []}
    return dense.CompressedTensorsConfig.from_config(raw)


def linear(parts: list[Any]) -> str | None:
    """The class for a Linear."""
    layer = type("Linear", (), {})()
    try:
        scheme = config_of(parts).get_scheme(layer, "model.layer")
    except REFUSALS:
        return None
    return type(scheme).__name__.removeprefix(PREFIX)


def main() -> None:
    """Answer every case."""
    answers = []
    standing = {PREFIX + name: named(name) for name in FINDING}
    with mock.patch.multiple(dense, **standing):
        for parts in json.loads(Path(sys.argv[1]).read_text()):
            major, minor = divmod(parts[-1], 10)
            device = SimpleNamespace(to_int=lambda n=major * 10 + minor: n)
            with mock.patch.object(dense, "current_platform") as platform:
                platform.is_xpu.return_value = False
                platform.get_device_capability.return_value = device
                answers.append(linear(parts))
    sys.stdout.write(f"ANSWERS{json.dumps(answers)}\n")


main()
