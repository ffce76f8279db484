"""`release.toml`: what only a human knows about a release. Unknown keys are errors."""

import re
import tomllib
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.rules import Finding
from release.smoke.expectations import Ask, Expectations

MANIFEST_FILE = Path("release.toml")
REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the manifest: a misspelt key is an error, never ignored."""


class Allow(Strict, frozen=True):
    """A finding that is accepted. `where` is a glob over its place; the reason is printed."""

    rule: str
    reason: str
    where: str = "*"

    @property
    def code(self) -> str:
        """The rule's code as the catalogue writes it."""
        return self.rule.upper()

    def covers(self, finding: Finding) -> bool:
        """Whether this entry is about that finding."""
        place = finding.where
        texts = (str(place), place.file, place.tensor, place.module, place.path)
        return self.code == finding.rule and any(
            text is not None and fnmatchcase(text, self.where) for text in texts
        )


class Base(Strict, frozen=True):
    """The model that was quantized: its repo id on the Hub and the commit that was used."""

    model: str
    revision: str | None = None


class Calibration(Strict, frozen=True):
    """How activations were calibrated, in the words of who did it."""

    text: str
    dataset: str | None = None
    samples: int | None = None
    max_sequence_length: int | None = None


class Issue(Strict, frozen=True):
    """A known issue; `as_of` says when it was last looked at, so that it can go stale visibly."""

    title: str
    text: str
    as_of: str
    link: str | None = None


class Policy(Strict, frozen=True):
    """What a push demands of the report."""

    levels: tuple[str, ...] = ("headers", "bytes")
    strict: bool = False


class Card(Strict, frozen=True):
    """Fields of the card's header that cannot be derived."""

    pipeline_tag: str | None = None
    language: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Manifest(Strict, frozen=True):
    """A parsed release.toml. `rationale` maps a config group, or a dtype, to why it is so."""

    repo: str
    license: str
    base: Base
    checkpoint: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    summary: str | None = None
    quantized_by: str | None = None
    serve_args: tuple[str, ...] = ()
    extra_files: tuple[str, ...] = ()
    rationale: dict[str, str] = {}
    calibration: Calibration | None = None
    known_issues: tuple[Issue, ...] = ()
    card: Card = Card()
    policy: Policy = Policy()
    smoke: Expectations = Expectations()
    allow: tuple[Allow, ...] = ()


def load_manifest(path: Path = MANIFEST_FILE) -> Manifest:
    """Read a manifest. Raises `ReleaseError` of one line with the key and the nearest known one."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "write one with repo, license and base.model"
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
    for key, repo in (("repo", manifest.repo), ("base.model", manifest.base.model)):
        if not REPO_ID.fullmatch(repo):
            raise ReleaseError(f"{key} is {repo!r}, not owner/name", where=name)
    for key, text in (("license", manifest.license), ("checkpoint", manifest.checkpoint)):
        if text is not None and not text.strip():
            raise ReleaseError(f"{key} is empty", where=name)
    if manifest.license == "other" and not (manifest.license_name and manifest.license_link):
        hint = "the Hub asks for license-name and license-link then"
        raise ReleaseError("license is 'other' without a name and a link", where=name, hint=hint)
    for allow in manifest.allow:
        if not allow.reason.strip():
            raise ReleaseError(f"allow of {allow.rule} gives no reason", where=name)
    return manifest


_TABLES: dict[str, type[msgspec.Struct]] = {
    "": Manifest,
    "base": Base,
    "calibration": Calibration,
    "known-issues": Issue,
    "card": Card,
    "policy": Policy,
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
