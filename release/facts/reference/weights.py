"""compressed-tensors' own decompression of a few weights, beside ours."""

import math

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint, TensorInfo
from release.facts.modules import Module, Modules
from release.facts.reference import Reference, ask
from release.facts.reference.declaration import TheirDeclaration
from release.facts.reference.pairs import Made, Pair, TheirWeights
from release.quantization.config import QuantizationConfig, find_quantization
from release.quantization.schemes import CACHE_SCALES, Scheme
from release.unknown import Unknown

MOST, LARGEST = 48, 1 << 26  # weights, and elements of one: half a gigabyte in float64
ROWS = 1024  # decoded at a time


def provide_their_weights(
    checkpoint: Checkpoint,
    config: ModelConfig,
    quantization: QuantizationConfig,
    modules: Modules,
    their_declaration: TheirDeclaration,
    reference: Reference,
) -> TheirWeights | Unknown:
    """Ask for weights that are stored as declared: what others lack is said by other rules."""
    source, found = their_declaration.source, find_quantization(config.raw)
    sample = {module.name: module for module in _sample(modules)}
    if their_declaration.refusal or quantization.problems or found is None or not sample:
        return TheirWeights(source)
    order = {
        "folder": str(checkpoint.folder.root.resolve()),
        "declaration": found[1],
        "weights": {name: _order(module) for name, module in sample.items()},
    }
    answers = ask(reference, "decompress", order)
    asked = [name for name in sample if name in answers]
    if not asked:
        return Unknown(f"compressed-tensors was asked and {answers.get('unable')}")
    pairs = []
    for name in asked:
        ours = _made(checkpoint, sample[name])
        if ours is not None:
            pairs.append(Pair(name, ours, msgspec.convert(answers[name], Made)))
    return TheirWeights(source, tuple(pairs))


def _sample(modules: Modules) -> list[Module]:
    kinds: dict[object, Module] = {}
    for module in modules:
        layout, scheme = module.layout, module.scheme
        sound = isinstance(scheme, Scheme) and not layout.differences and layout.looks_like is None
        if sound and layout.shape and math.prod(layout.shape) <= LARGEST:
            kinds.setdefault((module.claim.group, layout.shape), module)
    return sorted(kinds.values(), key=lambda module: math.prod(module.shape or ()))[:MOST]


def _order(module: Module) -> dict[str, object]:
    files = {r: t.shard for r, t in module.tensors.items() if r not in {"bias", *CACHE_SCALES}}
    return {"group": module.claim.group, "files": files}


def _made(checkpoint: Checkpoint, module: Module) -> Made | None:
    # The rule takes its types from here, and `release rule` all rules.
    import numpy as np  # noqa: PLC0415

    from release.quantization.decoding import Decoder, Undecodable  # noqa: PLC0415

    if not isinstance(module.scheme, Scheme) or module.shape is None:
        return None

    def read(info: TensorInfo, at: int, count: int) -> bytes:
        return checkpoint.source.read(info.shard, info.start + at, count)

    rows, largest, total = module.shape[0], 0.0, 0.0
    try:
        decoder = Decoder(module.scheme, module.shape, module.tensors, read)
    except Undecodable:
        return None
    for first in range(0, rows, ROWS):
        magnitudes = np.abs(decoder.rows(first, min(first + ROWS, rows)).values())
        largest = max(largest, float(magnitudes.max()))
        total += float(magnitudes.sum(dtype=np.float64))
    return Made(module.shape, largest=largest, total=total)
