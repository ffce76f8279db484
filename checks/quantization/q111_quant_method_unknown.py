"""The quantization method is none that anyone reads.

What it checks: the declaration is an object, and its `quant_method` compressed-tensors in its exact
    spelling. Checkpoints of other
    known methods (GPTQ, AWQ, ModelOpt, bitsandbytes...) are no finding: what needs the method is
    listed as not checked.
Why it matters: transformers and vLLM refuse a method that they do not know.
How to fix: set `quant_method` to compressed-tensors.
Seen in: configs merged by hand, where the key was lost.
"""

from difflib import get_close_matches

from release.architecture import ModelConfig
from release.quantization.config import METHOD, canonical_method, find_quantization
from release.rules import Findings, Found, in_config, rule

# Methods of vLLM 0.32 (model_executor/layers/quantization) and of transformers 5.17.
OTHERS = frozenset(
    {
        *("aqlm", "auto-round", "auto_awq", "auto_gptq", "awq", "awq_marlin", "bitnet"),
        *("bitsandbytes", "deepseek_v4_fp8", "eetq", "experts_int8", "fbgemm_fp8", "fouroversix"),
        *("fp8", "fp_quant", "gptq", "gptq_marlin", "gguf", "higgs", "hqq", "humming", "inc"),
        *("intel/auto-round", "gpt_oss_mxfp4", "metal", "modelopt", "modelopt_fp4"),
        *("modelopt_mixed", "modelopt_mxfp8", "moe_wna16", "mxfp4", "mxfp8", "quanto", "quark"),
        *("sinq", "spqr", "torchao", "vptq"),
    }
)


@rule(since="0.1.0")
def check(config: ModelConfig) -> Findings:
    """Judge the method's name."""
    found = find_quantization(config.raw)
    if found is None:
        return
    if not isinstance(found[1], dict):
        what = f"it is {found[1]!r:.40}, not an object"
        yield Found(in_config(found[0]), what, "write it as llm-compressor does")
        return
    path, method = f"{found[0]}.quant_method", found[1].get("quant_method")
    canonical = canonical_method(method)
    if method == METHOD or canonical in OTHERS:
        return
    fix = f"set it to {METHOD!r}"
    if canonical == METHOD:
        yield Found(in_config(path), f"{method!r} is spelt {METHOD}", fix, "warning")
    elif canonical is None:
        yield Found(in_config(path), "no quant_method is declared", fix)
    else:
        near = get_close_matches(canonical, [METHOD, *OTHERS], 1)
        hint = f"did you mean {near[0]}?" if near else fix
        yield Found(in_config(path), f"{method!r:.60} is no method of vLLM or transformers", hint)
