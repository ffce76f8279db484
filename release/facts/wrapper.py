"""The prefix that a wrapper of the model left in front of every tensor's name."""

from release.facts.basics import Tensors

PREFIXES = ("module.", "base_model.model.", "_orig_mod.")


def provide_wrapper(tensors: Tensors) -> str | None:
    """The prefix of all names, None where even one has none."""
    return next((p for p in PREFIXES if all(name.startswith(p) for name in tensors)), None)
