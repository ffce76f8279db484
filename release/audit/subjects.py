"""What the label of a row or of a list is about: a component, a setting, a figure of the whole."""

import re

from release.audit.words import patterns

WHOLE, REST, LINEARS = "all weights", "everything else", "all linear layers"


def component(label: str) -> str | None:
    """The component that a row's label means."""
    kind = re.search(r"\((\w+)\)", label)  # `attention (linear)`
    named = _find("components", f"{kind[1]} {_words(label)}") if kind else None
    return named or _find("components", label)


def setting(label: str) -> str | None:
    """The key of config.json that a label means."""
    return _find("settings", label)


def is_about(kind: str, label: str) -> bool:
    """Whether a label says that its value is of this kind, and nothing else."""
    return patterns("labels")[kind].fullmatch(_words(label)) is not None


def _find(section: str, label: str) -> str | None:
    said = _words(label)
    return next((name for name, form in patterns(section).items() if form.fullmatch(said)), None)


def _words(label: str) -> str:
    return re.sub(r"\s*\(.*?\)|\.\*|[:*`]", "", label).strip(" -").lower()
