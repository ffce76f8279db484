"""Quantizations that a release of vLLM refuses as they are declared, whatever the options."""

from typing import Any

from release.fit.subject import Subject
from release.memory.gpus import FP4_SINCE, Gpu
from release.memory.versions import Version
from release.quantization.arguments import REMOVED_ACTORDERS
from release.quantization.config import canonical_method, find_quantization
from release.unknown import Unknown

# Releases of vLLM that no longer read something. Sources: vLLM 0.32 layers/quantization,
# compressed_tensors/compressed_tensors.py, auto_gptq.py, utils/gptq_utils.py, and those before.
WITHOUT_SPARSITY, WITHOUT_ASYMMETRIC_GPTQ, WITHOUT_ORDER = (0, 22), (0, 22), (0, 30)
CHANNEL = -1
EIGHT = 8


def lacks_declared(subject: Subject, version: Version, gpu: Gpu | None) -> str | None:
    """Why this release does not read the checkpoint's quantization, or none of its kernels does."""
    return _lacks_layout(subject, version) or _lacks_integers(subject, gpu)


def _lacks_layout(subject: Subject, version: Version) -> str | None:
    quantization = subject.quantization
    groups = () if isinstance(quantization, Unknown) else quantization.groups
    _, declared = find_quantization(subject.config.raw) or ("", None)
    raw: dict[str, Any] = declared if isinstance(declared, dict) else {}
    gptq = canonical_method(raw.get("quant_method")) == "gptq"
    ordered = {group.weights.actorder for group in groups if group.weights} & REMOVED_ACTORDERS
    if version >= WITHOUT_ORDER and ordered:
        return f"its actorder {min(map(str, ordered))!r}: vLLM reads none since 0.30"
    if version >= WITHOUT_ORDER and gptq and raw.get("desc_act") and raw["group_size"] != CHANNEL:
        return "its desc_act: vLLM reads no GPTQ with an order of columns since 0.30"
    if version >= WITHOUT_ASYMMETRIC_GPTQ and gptq and raw.get("sym") is False:
        return "its GPTQ is asymmetric (sym: false), which vLLM reads no more since 0.22"
    sparse = not isinstance(quantization, Unknown) and quantization.sparsity
    if version >= WITHOUT_SPARSITY and sparse:
        return "its sparsity_config: vLLM reads none since 0.22"
    return None


def _lacks_integers(subject: Subject, gpu: Gpu | None) -> str | None:
    """Why INT8 does not run: vLLM takes CUTLASS for it on every GPU, which stops on Blackwell.

    Source: vLLM 0.32 kernels/linear/scaled_mm/cutlass.py; vllm issue 54311. Experts have another.
    """
    if gpu is None or gpu.compute is None or gpu.compute < FP4_SINCE:
        return None
    for module in subject.parts.modules:
        scheme = module.known_scheme
        if scheme is None or scheme.inputs is None or ".experts." in module.name:
            continue
        kinds = {(args.type, args.num_bits) for args in (scheme.weights, scheme.inputs)}
        if kinds == {("int", EIGHT)}:
            return f"vLLM's kernel of {scheme.name} does not run on {gpu.name} ({gpu.capability})"
    return None
