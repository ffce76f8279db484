"""`release.toml`: what only a human knows about a release. Unknown keys are errors."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.manifest import tables
from release.manifest.problems import REPO_ID, problems
from release.manifest.tables import Allow, Manifest
from release.smoke.expectations import Ask, Expectations

__all__ = ["MANIFEST_FILE", "REPO_ID", "Allow", "Manifest", "load_manifest", "parse_manifest"]

MANIFEST_FILE = Path("release.toml")


def load_manifest(path: Path = MANIFEST_FILE) -> Manifest:
    """Read a manifest. Raises `ReleaseError` of one line with the key and the nearest known one."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        hint = "`release init CKPT` writes one"
        raise ReleaseError("there is no manifest", where=path.name, hint=hint) from None
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=path.name) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReleaseError(f"is not TOML: {error}", where=path.name) from None
    return parse_manifest(raw, path.name)


def parse_manifest(raw: dict[str, Any], name: str = MANIFEST_FILE.name) -> Manifest:
    """Check a manifest's keys and values. Raises `ReleaseError`."""
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        what, hint = _explain(str(error))
        raise ReleaseError(what, where=name, hint=hint) from None
    for what, hint in problems(manifest):
        raise ReleaseError(what, where=name, hint=hint)
    return manifest


_TABLES: dict[str, type[msgspec.Struct]] = {
    "": Manifest,
    "base": tables.Base,
    "ancestors": tables.Ancestor,
    "calibration": tables.Calibration,
    "production": tables.Production,
    "serve": tables.Serve,
    "usage": tables.Usage,
    "engines": tables.Engine,
    "known-issues": tables.Issue,
    "evaluation": tables.Evaluation,
    "benchmarks": tables.Benchmark,
    "card": tables.Card,
    "policy": tables.Policy,
    "smoke": Expectations,
    "smoke.asks": Ask,
    "allow": Allow,
}
_TOML = {"`object`": "a table", "`array`": "an array", "`str`": "a string", "`int`": "an integer"}
_TOML |= {"`bool`": "true or false", "`float`": "a number", "`null`": "nothing"}


def _explain(message: str) -> tuple[str, str]:
    """Say in TOML's words what msgspec found, and what to do."""
    what, _, path = message.partition(" - at `$")
    path = path.removesuffix("`").removeprefix(".")
    place = f" in [{path}]" if path else ""
    match = re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL)
    if match:
        return f"unknown key {match[1]!r}{place}", _near_miss(match[1], path.partition("[")[0])
    match = re.fullmatch(r"Object missing required field `(.*)`", what)
    if match:
        return f"the key {match[1]!r} is missing{place}", ""
    for word, meaning in _TOML.items():
        what = what.replace(word, meaning)
    return f"{path}: {what[:1].lower()}{what[1:]}", ""


def _near_miss(key: str, table: str) -> str:
    """Name the nearest key of this table, else the table that has such a key."""
    keys = {name: _keys(fields) for name, fields in _TABLES.items()}
    near = get_close_matches(key, keys[table], 1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    home = next((name for name, known in keys.items() if key in known), None)
    if home is None:
        return f"known keys: {', '.join(keys[table])}"
    return f"it belongs in [{home}]" if home else "it belongs above the first [table]"


def _keys(table: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(table)]
