"""Stored tensors that nothing we know of the model or its scheme accounts for."""

from collections.abc import Iterable

from release.architecture import Architecture
from release.facts.absences import LONGEST_ID, MIXERS, TOWERS, Absences
from release.facts.components import HEAD, MTP
from release.facts.layouts import Layouts
from release.facts.modules import ROTATION, Module, Modules
from release.quantization.schemes import CACHE_SCALES, COMPANIONS
from release.unknown import Unknown

# Buffers that older versions of transformers saved; every loader skips them.
BUFFERS = {"inv_freq", "masked_bias", "rotary_emb", "position_ids"}
PACKED = "weight_packed"
QUANTIZED = COMPANIONS | CACHE_SCALES | {"kv_scale"}


def provide_unknown_tensors(
    architecture: Architecture,
    modules: Modules,
    absences: Absences,
    layouts: Layouts | Unknown,
    wrapper: str | None,
) -> tuple[str, ...]:
    """Give their names. What another rule names as a whole (a layer, a tower ...) is left out."""
    if absences.elsewhere or wrapper is not None:
        return ()  # C103, F122: names are those of another class, or of a wrapper
    found = []
    strange = []
    for module in modules:
        known = architecture.modules.get(module.name)
        if known is None:
            strange.append(module)
        else:
            found += _roles(module, known.tensors.keys())
    if strange:
        owners = _Owners(architecture, modules, absences)
        for module in strange:
            if not owners.has(module) and module.kind != ROTATION:
                packed = [module.tensor(PACKED)] if PACKED in module.tensors else []
                found += packed or _roles(module, ())
    named = set() if isinstance(layouts, Unknown) else _explained(layouts)
    return tuple(name for name in found if name not in named)


def _roles(module: Module, implied: Iterable[str]) -> list[str]:
    odd = module.tensors.keys() - implied - QUANTIZED - BUFFERS
    return [module.tensor(role) for role in sorted(odd)]


def _explained(layouts: Layouts) -> set[str]:
    """Tensors under another name than their scheme has, and weights stored twice."""
    renamed = {f"{fault.module}.{fault.instead}" for fault in layouts.missing if fault.instead}
    return renamed | {fault.tensor for fault in layouts.twice}


class _Owners:
    """Modules beside the architecture that rules on config.json speak of."""

    def __init__(self, architecture: Architecture, modules: Modules, absences: Absences) -> None:
        self.architecture = architecture
        self.stored = modules.items
        self.head = absences.head_instead
        self.parents = {name.rpartition(".")[0] for name in architecture.modules}
        self.blocks = {_block(name) for name in architecture.modules}
        self.lacking = {
            name.rpartition(".")[0] for name in (*absences.experts, *absences.incomplete)
        }
        self.towers = any(
            modules.items[name].component in TOWERS
            for name in architecture.modules
            if name in modules.items
        )

    def has(self, module: Module) -> bool:
        """Whether such a rule, or an engine that skips it, accounts for the module."""
        name, parts = module.name, module.name.split(".")
        apart = module.component in {MTP, HEAD} or name == self.head
        if apart or self.architecture.optional(name):
            return True  # C110, C109
        if module.component in TOWERS and not self.towers:
            return True  # C111
        if BUFFERS.intersection(parts):
            return True
        block = name.rpartition(".")[0]
        around = {block, block.rpartition(".")[0]}  # shared experts are in a block of their own
        if not around.isdisjoint(self.lacking) or (
            "experts" in parts and block not in self.parents
        ):
            return True  # T117 and C108: it stands where another module should
        prefix = f"{self.architecture.stack}."
        if name.startswith(prefix):
            return self._in_layer(name.removeprefix(prefix).split("."))
        return module.component in TOWERS and _block(name) not in self.blocks  # C111

    def _in_layer(self, parts: list[str]) -> bool:
        number = parts[0]
        if not number.isdecimal() or len(number) >= LONGEST_ID:
            return False
        if int(number) >= self.architecture.layers or number != str(int(number)):
            return True  # C104
        block = f"{self.architecture.stack}.{number}.{parts[1] if len(parts) > 1 else ''}"
        return len(parts) > 1 and parts[1] in MIXERS and block not in self.blocks  # C105


def _block(name: str) -> str:
    """`model.layers.3.self_attn` of everything in it."""
    parts = name.split(".")
    end = next((i + 2 for i, part in enumerate(parts) if part.isdecimal()), len(parts))
    return ".".join(parts[:end])
