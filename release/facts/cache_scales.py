"""Scales of a quantized KV cache: what each attention module holds against the declared scheme."""

from collections.abc import Iterator

from release.architecture import ModelConfig
from release.facts.modules import Module
from release.quantization.arguments import Args
from release.quantization.config import QuantizationConfig
from release.quantization.layout import DTYPE, SHAPE, Difference
from release.quantization.schemes import SCALAR, Slot, cache_slots

SCHEME = "kv_cache_scheme"
HEADS = ("num_attention_heads", "key_value_heads", "kv_heads")


def cache_args(module: Module, quantization: QuantizationConfig) -> Args | None:
    """The arguments of a module's cache: its group's inputs where attention itself is a target."""
    if module.claim.group is not None:
        group = quantization.group(module.claim.group)
        if group.weights is None and group.input_activations is not None:
            return group.input_activations
    return quantization.kv_cache_scheme


def compare_cache(module: Module, args: Args, config: ModelConfig) -> Iterator[Difference]:
    """Give every cache scale of another dtype or shape; that one is missing is Q114's."""
    for slot in cache_slots(args):
        info = module.tensors.get(slot.role)
        if info is None:
            continue
        if info.dtype not in slot.dtypes:
            yield Difference(slot.role, DTYPE, info.dtype, " or ".join(slot.dtypes))
        elif not _fits(slot, info.shape, config):
            words = f"[{', '.join(slot.shape)}]"
            yield Difference(slot.role, SHAPE, str(list(info.shape)), words)


def _fits(slot: Slot, stored: tuple[int, ...], config: ModelConfig) -> bool:
    if slot.shape == SCALAR:
        return stored in {(), (1,)}
    # Layers of one model may differ in heads: any count that the config speaks of is one.
    counts = {
        value for key, value in config.text.items() if key.endswith(HEADS) and type(value) is int
    }
    return (
        len(stored) == len(slot.shape)
        and stored[1:] == (1, 1)
        and (not counts or stored[0] in counts)
    )
