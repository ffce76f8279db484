"""Which model a run of lm-eval measured, as far as the run says it."""

import re
from typing import Any

UNNAMED = "a model without a name"
HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Of --model_args, for models that are loaded and for servers.
ARGUMENT = re.compile(r"(?:^|,)\s*(?:pretrained|model)=([^,]+)")


def measured(raw: dict[str, Any]) -> str:
    """What was evaluated: the name, else what the model was loaded from, else its arguments."""
    config = raw.get("config")
    given = config.get("model_args") if isinstance(config, dict) else None
    if isinstance(given, dict):
        given = given.get("pretrained") or given.get("model")
    loaded = ARGUMENT.search(given) if isinstance(given, str) else None
    named = raw.get("model_name") or (loaded[1].strip() if loaded else given)
    return str(named or UNNAMED)


def is_other(model: str, *names: str | None) -> bool:
    """Whether a run names a repository of the Hub that is none of these; a path may be any."""
    if not HUB.fullmatch(model):
        return False
    return _last(model) not in {_last(name) for name in names if name}


def is_same(model: str, name: str) -> bool:
    """Whether a run names just this repository."""
    return model.casefold() == name.casefold()


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].casefold()
