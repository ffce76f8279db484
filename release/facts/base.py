"""The model that a checkpoint was quantized from: its own facts, under names of their own."""

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.facts.basics import Tensors, provide_config, provide_tensors
from release.facts.documents import Documents, provide_documents
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
