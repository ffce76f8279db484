"""Which kernel of vLLM serves each config group, and on which GPUs."""

import msgspec

from release.architecture.numbering import EXPERTS
from release.architecture.skeleton import LINEAR
from release.facts.modules import Module, Modules
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.formats import can_hold, infer_format
from release.quantization.support import (
    CAPABILITIES,
    EXPERT_KERNELS,
    LINEAR_KERNELS,
    Parts,
    find_kernel,
    lowest_capability,
)

LINEARS, ROUTED = "Linear", "experts"
KERNELS = {LINEARS: LINEAR_KERNELS, ROUTED: EXPERT_KERNELS}


class Service(msgspec.Struct, frozen=True):
    """What serves the Linears, or the experts, of one group.

    `kernels` maps a compute capability (90 is 9.0) to vLLM's class, without those that have none;
    `lowest` is the first of them. `example` is one of the modules.
    """

    group: str
    kind: str
    example: str
    kernels: dict[int, str]
    lowest: int | None


def provide_kernels(modules: Modules, quantization: QuantizationConfig) -> tuple[Service, ...]:
    """Look each group up in vLLM's table, once for each kind of layer that it claims."""
    examples: dict[tuple[str, str], str] = {}
    for module in modules:
        if module.claim.group is not None and module.kind == LINEAR:
            examples.setdefault((module.claim.group, _kind(module)), module.name)
    found = []
    for (name, kind), example in examples.items():
        parts = parts_of(quantization, quantization.group(name))
        if parts is not None:
            kernels = KERNELS[kind]
            picked = {c: k.name for c in CAPABILITIES if (k := find_kernel(kernels, parts, c))}
            found.append(Service(name, kind, example, picked, lowest_capability(kernels, parts)))
    return tuple(found)


def parts_of(quantization: QuantizationConfig, group: ConfigGroup) -> Parts | None:
    """What vLLM looks at, in the right format: a wrong one is another rule's finding."""
    weights, inputs = group.weights, group.input_activations
    if weights is None or group.unreadable:
        return None
    form = group.format or quantization.format
    if form is None or not can_hold(form, weights, inputs):
        form = infer_format(weights, inputs)
    return Parts(weights, inputs, group.output_activations, form)


def _kind(module: Module) -> str:
    expert = module.name.partition(EXPERTS)[2].partition(".")[0]
    return ROUTED if expert.isdecimal() else LINEARS
