"""The quantization is declared in two places that do not agree.

What it checks: beside `quantization_config` there is no other declaration that says something
    else: compression_config, text_config.quantization_config, hf_quant_config.json (ModelOpt),
    quantize_config.json (GPTQ), quant_config.json (AWQ).
Why it matters: vLLM and SGLang look in different places first, so one of them loads the weights
    by the wrong description.
How to fix: keep `quantization_config` in config.json and remove the others.
Seen in: sglang #7593, MiaAI #43.
"""

from typing import Any

from release.architecture import ModelConfig
from release.facts.documents import FOREIGN_QUANTIZATION, Documents
from release.quantization.config import METHOD, find_quantization
from release.rules import Findings, Found, Where, in_config, rule

NESTED = "text_config.quantization_config"


@rule(since="0.1.0")
def check(config: ModelConfig, documents: Documents) -> Findings:
    """Compare every other declaration with the one that vLLM reads."""
    found = find_quantization(config.raw)
    if found is None:
        return
    path, first = found
    others: dict[str, Any] = {
        "compression_config": config.raw.get("compression_config"),
        NESTED: config.text.get("quantization_config") if config.text_path else None,
    }
    for other, value in others.items():
        if value and other != path and value != first:
            yield Found(
                where=in_config(other),
                message=f"declares another quantization than {path}",
                fix=f"remove it, and keep {path}",
            )
    method = first.get("quant_method") if isinstance(first, dict) else None
    for file in FOREIGN_QUANTIZATION:
        if method == METHOD and file in documents.names:
            yield Found(
                where=Where(file=file),
                message=f"declares a quantization beside the {METHOD} one of config.json",
                fix="remove the file: it belongs to another tool",
            )
