"""The model that a checkpoint was quantized from: its own facts, under names of their own."""

from release.architecture import Architecture, ModelConfig
from release.checkpoint import Checkpoint
from release.facts.basics import (
    Tensors,
    provide_architecture,
    provide_config,
    provide_quantization,
    provide_tensors,
)
from release.facts.documents import Documents, provide_documents
from release.facts.modules import Modules, provide_modules
from release.facts.tokenizer import Tokenizer, provide_tokenizer
from release.unknown import Unknown


def provide_base() -> Checkpoint | Unknown:
    """The opened base; the caller gives it."""
    return Unknown("no base was named (--base)")


def provide_base_config(base: Checkpoint) -> ModelConfig | Unknown:
    """The base's config.json."""
    found = provide_config(base)
    return Unknown(f"base: {found.reason}") if isinstance(found, Unknown) else found


def provide_base_tensors(base: Checkpoint) -> Tensors | Unknown:
    """Every tensor of the base by name."""
    found = provide_tensors(base)
    return Unknown(f"base: {found.reason}") if isinstance(found, Unknown) else found


def provide_base_documents(base: Checkpoint) -> Documents:
    """The base's JSON side files."""
    return provide_documents(base)


def provide_base_tokenizer(base: Checkpoint) -> Tokenizer:
    """The base's tokenizer and templates."""
    return provide_tokenizer(base)


def provide_base_architecture(
    base_config: ModelConfig, base_tensors: Tensors
) -> Architecture | Unknown:
    """What the base's config implies."""
    return provide_architecture(base_config, base_tensors, Unknown("nobody asked of the base"))


def provide_base_modules(
    base: Checkpoint,
    base_config: ModelConfig,
    base_tensors: Tensors,
    base_architecture: Architecture | Unknown,
) -> Modules | Unknown:
    """The base's modules, where it is quantized by compressed-tensors itself."""
    quantization = provide_quantization(base_config, base)
    if isinstance(quantization, Unknown):
        return quantization
    if not quantization.groups:
        return Unknown("the base is not quantized")
    return provide_modules(base_tensors, quantization, base_architecture)
