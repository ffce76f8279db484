"""The numbers in names of modules: those of layers and of experts."""

EXPERTS = ".experts."


def pattern_of(name: str) -> str:
    """A name with its numbers replaced: what the layers' and experts' names have in common."""
    return ".".join("*" if part.isdecimal() else part for part in name.split("."))


def layer_of(name: str) -> str:
    """The name of the layer a module is in: up to the first number. Empty if it is in none."""
    parts = name.split(".")
    end = next((i + 1 for i, part in enumerate(parts) if part.isdecimal()), 0)
    return ".".join(parts[:end])
