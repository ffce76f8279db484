"""What the Hub demands of the YAML at the top of a README.md, and what it makes of it."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import cast

import yaml

from release.demo.hub.licenses import KNOWN

Metadata = Mapping[str, object]

_BLOCK = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n|\A)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_REPO_ID = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
_RELATIONS = ("adapter", "finetune", "merge", "quantized")


_UNREADABLE = (
    *(yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError),
)
"""What PyYAML raises for broken documents and for tags whose content is nonsense."""


class _Loader(yaml.SafeLoader):
    """Without aliases: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not supported")
        return super().compose_node(parent, index)


def judge(content: str) -> tuple[list[str], list[str]]:
    """Return the errors and warnings the Hub would give for a README.md."""
    block = _block(content)
    if block is None:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        loaded: object = yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader
    except _UNREADABLE as error:
        return ["The metadata is not valid YAML: " + str(error).replace("\n", " ")], []
    if loaded is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(loaded, dict):
        return ["The metadata must be an object"], []
    errors = [f'"{key}" {RULES[key](value)}' for key, value in loaded.items() if _bad(key, value)]
    return errors, []


def metadata(content: bytes) -> dict[str, object]:
    """Return a card's metadata as JSON values; empty if there is none that can be read."""
    try:
        block = _block(content.decode(errors="replace")) or ""
        loaded: object = yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader
    except _UNREADABLE:
        return {}
    return {str(k): _jsonable(v) for k, v in loaded.items()} if isinstance(loaded, dict) else {}


def tags(known: Metadata) -> list[str]:
    """Return the tags the Hub derives from a card's metadata."""
    found = [str(known[key]) for key in ("library_name", "pipeline_tag") if known.get(key)]
    found += [str(tag) for tag in _as_list(known.get("tags"))]
    for key, prefix in (("base_model", "base_model"), ("license", "license")):
        found += [f"{prefix}:{value}" for value in _as_list(known.get(key))]
    return list(dict.fromkeys(found))


def _block(content: str) -> str | None:
    match = _BLOCK.match(content.removeprefix("\ufeff"))
    return match[1] if match else None


def _as_list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _jsonable(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _bad(key: object, value: object) -> bool:
    rule = RULES.get(key) if isinstance(key, str) else None
    return rule is not None and rule(value) is not None


def _is(kind: type | tuple[type, ...], name: str) -> Callable[[object], str | None]:
    return lambda value: None if isinstance(value, kind) else f"must be {name}"


def _words(value: object) -> str | None:
    listed = value if isinstance(value, list) else [value]
    # YAML reads an unquoted `no` as false: Norwegian is the classic victim.
    good = all(isinstance(item, str) and item for item in listed)
    return None if good else "must be a string or an array of strings"


def _license(value: object) -> str | None:
    if wrong := _words(value):
        return wrong
    listed = cast("list[str]", value if isinstance(value, list) else [value])
    return None if set(listed) <= KNOWN else f"must be one of [{', '.join(sorted(KNOWN))}]"


def _repo_ids(value: object) -> str | None:
    if wrong := _words(value):
        return wrong
    listed = cast("list[str]", value if isinstance(value, list) else [value])
    good = all(_REPO_ID.fullmatch(item) for item in listed)
    return None if good else "must be a repo id, like `namespace/name`"


def _relation(value: object) -> str | None:
    return None if value in _RELATIONS else f"must be one of [{', '.join(_RELATIONS)}]"


def _results(value: object) -> str | None:
    if not isinstance(value, list):
        return "must be an array"
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            return "must have a name in each of its items"
        if not isinstance(item.get("results"), list):
            return "must have an array of results in each of its items"
    return None


_TEXT = _is(str, "a string")

RULES: Mapping[str, Callable[[object], str | None]] = {
    "base_model": _repo_ids,
    "base_model_relation": _relation,
    "co2_eq_emissions": _is((int, float, dict), "a number or an object"),
    "datasets": _words,
    "extra_gated_fields": _is(dict, "an object"),
    "extra_gated_prompt": _TEXT,
    "language": _words,
    "library_name": _TEXT,
    "license": _license,
    "license_link": _TEXT,
    "license_name": _TEXT,
    "metrics": _words,
    "model-index": _results,
    "new_version": _repo_ids,
    "pipeline_tag": _TEXT,
    "tags": _words,
    "thumbnail": _TEXT,
    "widget": _is(list, "an array"),
}
"""Keys the Hub checks, each with what is wrong about a value; other keys are free."""
