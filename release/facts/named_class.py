"""What the class in `architectures` would build, where it is not the class of the model_type."""

import msgspec

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.facts.basics import Tensors
from release.facts.known import Known


class NamedClass(msgspec.Struct, frozen=True):
    """A class that belongs to other model_types, `types`, than the one in config.json.

    `lacking` is a module that it builds and that is not stored, `surplus` one that is stored for
    the model_type and that it does not build: both None where it fits or is not known to us.
    """

    types: tuple[str, ...] = ()
    lacking: str | None = None
    surplus: str | None = None


def provide_named_class(
    config: ModelConfig, architecture: Architecture, known: Known, tensors: Tensors
) -> NamedClass:
    """Derive the modules of the class's own model_types from the same settings."""
    types = known.architectures.get(config.architecture, ())
    if not types or config.model_type in types or config.model_type not in known.model_types:
        return NamedClass()
    stored = {name.rpartition(".")[0] for name in tensors}
    found = NamedClass(types)
    for other in types:
        if FAMILIES.get(other) == FAMILIES.get(config.model_type):
            return NamedClass(types)
        built = derive_architecture(ModelConfig({**config.raw, "model_type": other}), stored)
        if not isinstance(built, Architecture):
            continue
        needed = (name for name in built.modules if not built.optional(name))
        lacking = next((name for name in needed if name not in stored), None)
        there = (name for name in architecture.modules if name in stored)
        surplus = next((name for name in there if name not in built.modules), None)
        if lacking is None and surplus is None:
            return NamedClass(types)
        found = NamedClass(types, lacking, surplus)
    return found
