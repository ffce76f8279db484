"""JSON Schema of report.json and release.toml, written from the types that read and write them.

The files beside this one are generated (`make docs`) and ship in the wheel: an editor, or a
program that reads reports, needs nothing of ours to use them.
"""

import importlib
import inspect
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from release.facts import FACTS
from release.manifest import Manifest
from release.report import Report
from release.unknown import Unknown
from release.verify import REPORTED_FACTS

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/{name}"
NOT_ESTIMATED = {
    "description": "Why a fact is not known.",
    "type": "object",
    "properties": {"not_estimated": {"type": "string"}},
    "required": ["not_estimated"],
    "additionalProperties": False,
}
ASKED_FOR = {"base": "distance", "smoke": "smoke"}
"""Facts that a report holds where their level ran, and what provides them."""


def build_schemas() -> dict[str, str]:
    """Give each schema's text by its file's name."""
    schemas = {"report.schema.json": _report(), "release.toml.schema.json": _manifest()}
    return {name: _text(schema) for name, schema in schemas.items()}


def _report() -> dict[str, Any]:
    providers = {name: name for name in REPORTED_FACTS} | ASKED_FOR
    types = [Report, *(_known(FACTS[fact].provider) for fact in providers.values())]
    (report, *facts), definitions = msgspec.json.schema_components(types, ref_template=REF)
    definitions["NotEstimated"] = NOT_ESTIMATED
    unknown = {"$ref": REF.format(name="NotEstimated")}
    known = dict(zip(providers, facts, strict=True))
    definitions["Report"]["properties"]["facts"] = {
        "description": "Everything computed; keys may be added.",
        "type": "object",
        "properties": {name: {"anyOf": [schema, unknown]} for name, schema in known.items()},
        "required": list(REPORTED_FACTS),
    }
    return {"$schema": DIALECT, "title": "report.json", **report, "$defs": definitions}


def _manifest() -> dict[str, Any]:
    (manifest,), definitions = msgspec.json.schema_components([Manifest], ref_template=REF)
    return {"$schema": DIALECT, "title": "release.toml", **manifest, "$defs": definitions}


def _known(provider: str) -> Any:
    """What a provider returns when it knows: its return type without `Unknown`."""
    module, _, name = provider.partition(":")
    returned = getattr(importlib.import_module(module), name).__annotations__["return"]
    if get_origin(returned) in {UnionType, Union}:
        kinds = tuple(kind for kind in get_args(returned) if kind is not Unknown)
        return Union[kinds]  # noqa: UP007 - of a tuple
    return returned


def _text(schema: dict[str, Any]) -> str:
    _clean(schema)
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _clean(value: Any) -> None:
    """Docstrings as one paragraph."""
    if isinstance(value, dict):
        if isinstance(value.get("description"), str):
            value["description"] = " ".join(inspect.cleandoc(value["description"]).split())
        for inner in value.values():
            _clean(inner)
    elif isinstance(value, list):
        for inner in value:
            _clean(inner)
