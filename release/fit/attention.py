"""Attention that no backend of vLLM takes on a GPU, and why."""

from collections.abc import Iterator

from msgspec.structs import replace

from release.fit.subject import Subject
from release.memory.attending import layers_of, named_backend
from release.memory.backends import (
    CROSS,
    HELD,
    JOINED,
    LATENT,
    OTHERS,
    PLAIN,
    SCALED,
    SINKS,
    SPARSE,
    WINDOW,
    Layer,
    every_backend,
    takers,
)
from release.memory.defaults import Settled
from release.memory.gpus import Gpu
from release.memory.model import serving_dtype
from release.memory.versions import is_newer
from release.unknown import Unknown

WORDS = {
    SINKS: "attention sinks",
    JOINED: "images whose tokens see each other",
    SCALED: "a KV cache with scales for each head",
    CROSS: "attention to an encoder",
    WINDOW: "a sliding window",
    PLAIN: "attention that is not latent",
    LATENT: "latent attention",
    SPARSE: "sparse latent attention",
}
USUAL = {PLAIN: 128, LATENT: 576, SPARSE: 576}


def lacks_attention(subject: Subject, settled: Settled, gpu: Gpu | None) -> str | None:
    """Why the named backend, or every backend, refuses the model's attention on this GPU.

    Not known, and None, for releases whose backends were not read.
    """
    serving = settled.serving
    dtype = serving_dtype(subject.config, serving.dtype, serving.compute)
    if serving.version < HELD or is_newer(serving.version):
        return None
    named = named_backend(subject.config, subject.architecture, serving)
    if named is not None and named not in every_backend():
        return f"vLLM has no attention backend {named:.60}"
    if gpu is None or isinstance(dtype, Unknown) or not (gpu.compute or gpu.is_amd):
        return None
    if named in OTHERS:
        return None

    def taken(layer: Layer) -> bool:
        able = takers(layer, gpu.compute, serving.version)
        return bool(able) if named is None else named in able

    layers = layers_of(subject.config, subject.architecture, serving, dtype)
    refused = next((layer for layer in sorted(layers, key=str) if not taken(layer)), None)
    if refused is None:
        return None
    what = next((said for said, other in _eased(refused) if taken(other)), WORDS[refused.kind])
    has = f" ({gpu.capability})" if gpu.capability else ""
    given = serving.attention_backend is not None
    who = f"--attention-backend {named} does not take" if given else f"{named} does not take"
    who = "no attention backend takes" if named is None else who
    return f"{who} {what} on {gpu.name}{has}"


def _eased(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """What may be the reason, and the layer without that."""
    for need in sorted(layer.needs):
        yield WORDS[need], replace(layer, needs=layer.needs - {need})
    if layer.head != USUAL[layer.kind]:
        usual = replace(layer, head=USUAL[layer.kind])
        cache = "" if layer.cache == "auto" else f"a KV cache of {layer.cache} with "
        yield f"{cache}heads of {layer.head}", usual
    yield f"a KV cache of {layer.cache}", replace(layer, cache="auto")
    yield f"a model in {layer.dtype}", replace(layer, dtype="bfloat16")
