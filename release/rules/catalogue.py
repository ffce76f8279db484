"""The catalogue of rules: the files under `checks/`. A rule's identity is its file name."""

import ast
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from release.content import content
from release.errors import ReleaseError
from release.facts import Level, levels_of
from release.rules import Check, Metadata

_FILE = re.compile(r"(?P<code>[a-z]\d{3})_(?P<name>[a-z0-9_]+)\.py")
LABELS = ("What it checks", "Why it matters", "How to fix", "Seen in")
_LABEL = re.compile(rf"^({'|'.join(LABELS)}): ", re.MULTILINE)


class Rule(msgspec.Struct, frozen=True):
    """A rule by its identity: `Q101`, `group-matches-nothing`, family `quantization`."""

    code: str
    name: str
    family: str
    path: Path

    def __str__(self) -> str:
        """As findings and reports name it: `Q101 group-matches-nothing`."""
        return f"{self.code} {self.name}"

    def load(self) -> "LoadedRule":
        """Import the rule's file. It is content, loaded by path, never imported by name."""
        name = f"release.checks.{self.path.stem}"
        module = sys.modules.get(name)
        if module is None:
            spec = importlib.util.spec_from_file_location(name, self.path)
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot load {self.path}")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[name] = module
        check: Any = module.check
        return LoadedRule(self, check, check.metadata, levels_of(check))

    @property
    def page(self) -> str:
        """Its documentation: the docstring, read without running anything."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        return ast.get_docstring(tree) or ""

    @property
    def title(self) -> str:
        """The first line of its documentation."""
        return self.page.partition("\n")[0]

    @property
    def sections(self) -> dict[str, str]:
        """The text below each label of its documentation, as one paragraph."""
        _, *parts = _LABEL.split(self.page)
        texts = (" ".join(part.split()) for part in parts[1::2])
        return dict(zip(parts[::2], texts, strict=True))


class LoadedRule(msgspec.Struct, frozen=True):
    """A rule ready to run."""

    rule: Rule
    check: Check
    metadata: Metadata
    levels: frozenset[Level]

    @property
    def level_names(self) -> tuple[str, ...]:
        """What must run for it, beside the headers that are always read."""
        beyond = sorted(self.levels - {Level.HEADERS}) or [Level.HEADERS]
        return tuple(level.name.lower() for level in beyond)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, ordered by family letter and number."""
    rules = []
    for path in content("checks").glob("*/*.py"):
        match = _FILE.fullmatch(path.name)
        if match:
            name = match["name"].replace("_", "-")
            rules.append(Rule(match["code"].upper(), name, path.parent.name, path))
    return tuple(sorted(rules, key=lambda rule: ("FCQTVBRSKH".find(rule.code[0]), rule.code)))


def is_code(text: str) -> bool:
    """Whether a rule of this code exists."""
    return any(text.upper() == rule.code for rule in all_rules())


def find_rule(code: str) -> Rule:
    """Look a rule up by its code or name. Raises `ReleaseError` with the nearest one."""
    for rule in all_rules():
        if code.upper() == rule.code or code.lower() == rule.name:
            return rule
    near = nearest_rule(code)
    hint = f"did you mean {near}?" if near else "`release rule` lists all"
    raise ReleaseError(f"there is no rule {code!r}", hint=hint)


def nearest_rule(code: str) -> str | None:
    """The code or name of a rule that is most like this one."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for hints

    names = [rule.code for rule in all_rules()] + [rule.name for rule in all_rules()]
    digits = code.upper().replace("O", "0")
    near = get_close_matches(digits, names, 1) or get_close_matches(code.lower(), names, 1)
    return near[0] if near else None


def hint_code(text: str) -> str:
    """What to write for a text that is not the code of a rule."""
    near = nearest_rule(text)
    code = next((rule.code for rule in all_rules() if near in {rule.code, rule.name}), None)
    return f"did you mean {code}?" if code else "`release rule` lists all codes"


def select_rules(select: tuple[str, ...], ignore: tuple[str, ...]) -> tuple[Rule, ...]:
    """Choose rules by codes, prefixes of codes (`Q`, `Q1`) or names. Raises `ReleaseError`."""
    rules = all_rules()

    def chosen(wanted: tuple[str, ...]) -> set[str]:
        codes: set[str] = set()
        for text in wanted:
            hits = {rule.code for rule in rules if rule.code.startswith(text.upper())}
            codes |= hits or {find_rule(text).code}
        return codes

    kept = chosen(select) if select else {rule.code for rule in rules}
    kept -= chosen(ignore)
    return tuple(rule for rule in rules if rule.code in kept)
