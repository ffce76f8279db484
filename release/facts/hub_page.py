"""Where the Hub's page counts packed weights wrongly, and targets that it would read."""

from collections.abc import Mapping

import msgspec

from release.architecture import Architecture
from release.architecture.layers import served_layers
from release.facts.hub_count import CONTAINER_BITS, HubCounter
from release.facts.modules import CLASSES, OTHER_CLASSES, Module, Modules
from release.facts.reader import choose, read_declaration
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.match import Resolver
from release.quantization.plain_targets import plain_targets
from release.unknown import Unknown

PACKED_ROLE = "weight_packed"


class Misread(msgspec.Struct, frozen=True):
    """A config group whose packed weights the page counts with another number of bits.

    `example` is one of its modules. `targets` are others that the page reads and that resolve to
    the same modules in compressed-tensors and in vLLM; None if none were found.
    """

    group: str
    example: str
    targets: tuple[str, ...] | None


def provide_misread(
    quantization: QuantizationConfig, modules: Modules, architecture: Architecture | Unknown
) -> tuple[Misread, ...]:
    """Find the groups, and targets for all of them that hold together."""
    examples = _examples(quantization, modules)
    if not examples:
        return ()
    owners = {m.name: m.claim.group for m in modules if m.quantizable and not m.claim.ignored_by}
    targets = {group: plain_targets(owners, group) for group in examples}
    found = {group: plain for group, plain in targets.items() if plain}
    better = rewritten(quantization, found)
    same = (
        len(found) == len(examples)
        and not _examples(better, modules)
        and _same_claims(better, modules)
        and _same_layers(quantization, better, modules, architecture)
    )
    return tuple(Misread(g, name, found[g] if same else None) for g, name in examples.items())


def rewritten(
    quantization: QuantizationConfig, targets: Mapping[str, tuple[str, ...]]
) -> QuantizationConfig:
    """The same declaration with other targets for some groups."""
    groups = tuple(
        msgspec.structs.replace(group, targets=targets.get(group.name, group.targets))
        for group in quantization.groups
    )
    return msgspec.structs.replace(quantization, groups=groups)


def _examples(quantization: QuantizationConfig, modules: Modules) -> dict[str, str]:
    """The first module of each group that the page unpacks by another number of bits."""
    counter = HubCounter(quantization)
    groups: dict[str, ConfigGroup] = {group.name: group for group in quantization.groups}
    found: dict[str, str] = {}
    for module in modules:
        group = groups.get(module.claim.group or "")
        if group is not None and group.name not in found and _miscounted(module, group, counter):
            found[group.name] = module.name
    return found


def _miscounted(module: Module, group: ConfigGroup, counter: HubCounter) -> bool:
    packed = module.tensors.get(PACKED_ROLE)
    container = CONTAINER_BITS.get(packed.dtype) if packed else None
    if packed is None or container is None or group.weights is None:
        return False
    bits = group.weights.num_bits
    return 0 < bits < container and counter.packing(module.name, packed.dtype) != (container, bits)


def _same_claims(better: QuantizationConfig, modules: Modules) -> bool:
    """Whether compressed-tensors gives every module the group that it has now."""
    resolver = Resolver(better.groups, better.ignore)
    claims = resolver.claims({m.name: CLASSES.get(m.kind, OTHER_CLASSES) for m in modules})
    return all(claims[module.name].group == module.claim.group for module in modules)


def _same_layers(
    now: QuantizationConfig,
    better: QuantizationConfig,
    modules: Modules,
    architecture: Architecture | Unknown,
) -> bool:
    """Whether vLLM gives every layer the scheme that it has now; so without names of its own."""
    served = None if isinstance(architecture, Unknown) else architecture.served
    if isinstance(architecture, Unknown) or served is None:
        return True
    readers = [
        read_declaration(declared, architecture, served, modules.pattern_problems)
        for declared in (now, better)
    ]
    keys = {group.name: group.scheme_key for group in now.groups}
    for layer in served_layers(architecture, served):
        before, after = (choose(reader, layer, served) for reader in readers)
        groups = [keys[c.group] if c.group else None for c in (before, after)]
        if groups[0] != groups[1] or before.refused != after.refused:
            return False
    return True
