"""What a family file declares."""

import re
from collections.abc import Callable, Collection, Container, Iterator
from functools import cached_property
from typing import Any

import msgspec

from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.architecture.served import Served
from release.architecture.skeleton import Expected, Experts, Skeleton
from release.unknown import Unknown

Fusions = dict[str, tuple[str, ...]]
Spellings = dict[str, tuple[str, ...]]
TokenCache = AttentionCache | CrossCache | LatentCache
LayerCache = TokenCache | RecurrentCache


class ParallelCache(msgspec.Struct, frozen=True, tag="parallel"):
    """What a layer keeps whose mixers run side by side, in the order in which vLLM makes them."""

    parts: tuple[LayerCache, ...]


Caches = tuple[LayerCache | ParallelCache | None, ...]

QKV: Fusions = {"qkv_proj": ("q_proj", "k_proj", "v_proj")}
GATE_UP: Fusions = {"gate_up_proj": ("gate_proj", "up_proj")}

# What multimodal models of LLaVA's kind are called inside, and in the files of the release.
LLAVA_SPELLINGS: Spellings = {
    "model.language_model.": ("language_model.model.",),
    "lm_head": ("language_model.lm_head",),
    "model.vision_tower.": (
        "model.vision_tower.vision_model.",
        "vision_tower.vision_model.",
        "vision_tower.",
    ),
    "model.multi_modal_projector": ("multi_modal_projector",),
}

# What a head for the next token but one has beside its layers.
MTP_APART = ("fc", "norm", "pre_fc_norm_embedding", "pre_fc_norm_hidden")
MTP_LAYER = ("eh_proj", "enorm", "hnorm", "shared_head.norm")

SINK = "sinks"  # the tensor
MODULE_CAP = 400_000  # several times that of the largest model there is


def numbered(caches: Caches) -> Iterator[tuple[int, LayerCache]]:
    """Give each single cache with the number of its layer."""
    for index, cache in enumerate(caches):
        if isinstance(cache, ParallelCache):
            yield from ((index, part) for part in cache.parts)
        elif cache is not None:
            yield index, cache


class Loading(msgspec.Struct, frozen=True):
    """Where vLLM loads a family unlike the others, over several GPUs.

    `whole_embedding`: every rank holds all of it. `narrowest_expert`: experts are split no further
    than to so many rows of their intermediate size, and padded beyond. `own_head`: the language
    model is built by the text config alone, whose class ties no head to the embedding.
    """

    pipeline: bool = True
    whole_embedding: bool = False
    narrowest_expert: int | None = None
    own_head: bool = False


class Inputs(msgspec.Struct, frozen=True):
    """Kinds of input beside text: without all of these vLLM leaves out the towers.

    `joined`: the tokens of one of them see each other. `least_step` are those of one that cannot be
    cut into steps, where they are known.
    Source: vLLM 0.32 models/*.py, _mark_tower_model and get_mm_max_tokens_per_item;
    transformers_utils/model_arch_config_convertor.py, is_mm_prefix_lm.
    """

    kinds: tuple[str, ...] = ("image", "video")
    joined: bool = False
    least_step: int = 0


class Family(msgspec.Struct, frozen=True):
    """One model family: its modules, what vLLM fuses, what its layers cache.

    `fused` is vLLM's packed_modules_mapping: suffix of the fused module -> its siblings on disk.
    `stack` is the name of the layer list; `mtp` the prefix of the multi-token prediction head,
    "{stack}.{layers}." where it is one more layer; `mtp_parts` what it has beside the modules of
    such a layer, in each layer of it where these are of the stack; `mtp_default` how many layers
    vLLM gives it where no key says that. `spellings` are the prefixes of names under which
    checkpoints are stored as well, ours -> theirs: the first that is found counts.
    `stated` gives text settings that config.json states in another way.
    `served` are vLLM's names of the modules, None where it has no class of its own for them.
    """

    skeleton: Callable[[ModelConfig], Skeleton]
    caches: Callable[[ModelConfig], Caches | Unknown]
    fused: Fusions | Callable[[ModelConfig], Fusions]
    stack: Callable[[ModelConfig], str] | str = "model.layers"
    tied_by_default: bool = False
    mtp: str | None = None
    mtp_keys: tuple[str, ...] = ()
    mtp_parts: tuple[str, ...] = ()
    mtp_default: int = 0
    spellings: Spellings = {}
    stated: Callable[[ModelConfig], dict[str, Any]] | None = None
    served: Served | Callable[[ModelConfig], Served | None] | None = Served()
    loading: Loading = Loading()
    inputs: Inputs | Callable[[ModelConfig], Inputs] = Inputs()


class Architecture(msgspec.Struct, frozen=True, dict=True):
    """What a config implies: the modules of the main model and the cache of each layer.

    `caches` has None for a layer that keeps nothing. `mtp_layers` are those that the config states,
    `drafting_layers` those that vLLM drafts with. `unread` are patterns of stored names that the
    class leaves unread by its own word.
    """

    family: str
    modules: dict[str, Expected]
    caches: Caches | Unknown
    fused: Fusions
    stack: str
    layers: int
    tied: bool
    mtp: str | None
    mtp_layers: int
    vision: bool
    served: Served | None
    unread: tuple[str, ...] = ()
    loading: Loading = Loading()
    mtp_parts: tuple[str, ...] = ()
    drafting_layers: int = 0
    inputs: Inputs = Inputs()

    @cached_property
    def sinks(self) -> bool:
        """Whether its attention has sinks."""
        return any(SINK in module.tensors for module in self.modules.values())

    def optional(self, module: str) -> bool:
        """Whether a module belongs to a part that the config need not imply (the MTP head)."""
        if self.mtp is not None and (module + ".").startswith(self.mtp):
            return True
        return any(re.search(pattern, f"{module}.") for pattern in self.unread)


def settle_modules(
    skeleton: Skeleton, spelling: dict[str, str], stored: Container[str]
) -> dict[str, Expected]:
    """Spell every module as it is stored. Raises `ConfigGap` if there are too many."""
    modules: dict[str, Expected] = {}
    for plain, expected in skeleton:
        name = respell(plain, spelling)
        if isinstance(expected, Experts):
            if expected.count * len(expected.projections) > MODULE_CAP:
                raise ConfigGap(f"{name} would have {expected.count:,} experts")
            modules.update(expected.settle(name, stored))
        elif name in modules:
            known = modules[name]
            modules[name] = Expected(known.kind, known.tensors | expected.tensors)
        else:
            modules[name] = expected
        if len(modules) > MODULE_CAP:
            raise ConfigGap(f"it implies more than {MODULE_CAP:,} modules")
    return modules


def choose_spelling(family: Family, stored: Collection[str]) -> dict[str, str]:
    """For each of our prefixes the one that is stored, where it is another."""
    found: dict[str, str] = {}
    for ours, others in family.spellings.items():
        for other in others:
            if any(name.startswith(other) for name in stored):
                found[ours] = other
                break
    return found


def respell(name: str, spelling: dict[str, str]) -> str:
    """Replace the first of our prefixes that the name has."""
    for ours, theirs in spelling.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name
