"""What a family file declares."""

from collections.abc import Callable

import msgspec

from release.architecture.attention import AttentionCache
from release.architecture.config import ModelConfig
from release.architecture.recurrent import RecurrentCache
from release.architecture.skeleton import Expected, Skeleton
from release.unknown import Unknown

Fusions = dict[str, tuple[str, ...]]
LayerCache = AttentionCache | RecurrentCache

QKV: Fusions = {"qkv_proj": ("q_proj", "k_proj", "v_proj")}
GATE_UP: Fusions = {"gate_up_proj": ("gate_proj", "up_proj")}


class Family(msgspec.Struct, frozen=True):
    """One model family: its modules, what vLLM fuses, what its layers cache.

    `fused` is vLLM's packed_modules_mapping: suffix of the fused module -> its siblings on disk.
    `stack` is the name of the layer list, `mtp` the prefix of the multi-token prediction head.
    """

    skeleton: Callable[[ModelConfig], Skeleton]
    caches: Callable[[ModelConfig], tuple[LayerCache, ...] | Unknown]
    fused: Fusions
    stack: Callable[[ModelConfig], str]
    tied_by_default: bool = False
    mtp: str | None = None
    mtp_keys: tuple[str, ...] = ()


class Architecture(msgspec.Struct, frozen=True):
    """What a config implies: the modules of the main model and the cache of each layer."""

    family: str
    modules: dict[str, Expected]
    caches: tuple[LayerCache, ...] | Unknown
    fused: Fusions
    stack: str
    layers: int
    tied: bool
    mtp: str | None
    mtp_layers: int
    vision: bool

    def optional(self, module: str) -> bool:
        """Whether a module belongs to a part that the config need not imply (the MTP head)."""
        return self.mtp is not None and (module + ".").startswith(self.mtp)
