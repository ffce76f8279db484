"""The weights are quantized and config.json does not say so.

What it checks: where no quantization is declared, no module has packed weights, scales, or a
    weight in FP8 or INT8.
Why it matters: engines read the codes as if they were weights, or stop at a scale that no
    parameter expects.
How to fix: restore `quantization_config` from the config.json that llm-compressor wrote.
Seen in: config.json replaced by the base model's to restore some other key.
"""

from release.facts.modules import Modules
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule


@rule(since="0.1.0")
def check(quantization: QuantizationConfig, modules: Modules) -> Findings:
    """Count the modules that only quantization writes so."""
    quantized = [module.name for module in modules if module.quantized]
    if quantization.path or not quantized:
        return
    yield Found(
        where=in_config("quantization_config"),
        message=f"it is missing, and {len(quantized):,} of {len(modules):,} modules are stored "
        f"quantized, such as {quantized[0]}",
        fix="restore it from the config.json that llm-compressor wrote",
    )
