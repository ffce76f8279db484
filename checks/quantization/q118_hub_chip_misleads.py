"""The Hub's page will show another number of parameters than the checkpoint has.

What it checks: the parameter count that the model page computes, or takes from the index's
    `total_parameters`, is the true one within 3%. The page reads names and patterns of literal text
    between `.*`; a class name or an alternation it cannot, and counts packed bytes as they are,
    unless the top level names the one packed format.
Why it matters: a model of 27B stands there as one of 22B, and people ask why.
How to fix: write the targets that are named here: they match the same modules in every engine. Set
    `total_parameters` to the true count, which transformers fills with the packed one.
Seen in: nvidia/Qwen3.6-27B-NVFP4, "Why does this say 18B?".
"""

import json

from release.checkpoint.index import INDEX_FILE
from release.facts.hub_page import Misread
from release.facts.weights import Weights
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, Where, in_config, rule
from release.units import parameters

TOLERANCE = 0.03


@rule(since="0.1.0", severity="info")
def check(
    weights: Weights, quantization: QuantizationConfig, misread: tuple[Misread, ...]
) -> Findings:
    """Judge what the page counts, then what the file says of itself."""
    if _is_off(weights.hub_counted, weights.parameters):
        for group in misread:
            yield _group(group, quantization, weights)
    stated = weights.hub_stated
    if stated is not None and stated < weights.parameters and _is_off(stated, weights.parameters):
        yield Found(
            where=Where(file=INDEX_FILE, path="metadata.total_parameters"),
            message=f"it is {stated:,}, which the Hub's page shows; the tensors hold "
            f"{weights.parameters:,} parameters",
            fix=f"set it to {weights.parameters}",
        )


def _group(group: Misread, quantization: QuantizationConfig, weights: Weights) -> Found:
    path = f"{quantization.group(group.group).path}.targets"
    shown, true = parameters(weights.hub_counted), parameters(weights.parameters)
    what = (
        f"the Hub's page finds no bits for {group.example}: it counts {shown}, the model has {true}"
    )
    if group.targets is None:
        return Found(in_config(path), what, "state the true count in the card")
    return Found(in_config(path), what, f"write {json.dumps(group.targets)}: the same modules")


def _is_off(count: int, true: int) -> bool:
    return abs(count - true) > true * TOLERANCE
