"""What a person's words on a card claim: they are judged as those of any card are."""

import re
from pathlib import Path

from release.card import TEMPLATES, Card
from release.card.check import Audit, audit_card
from release.card.seal import MARK
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.manifest import MANIFEST_FILE, Manifest
from release.report import Report

# What holds a person's words, by what the templates call it, and what release.toml does.
STATED = {"manifest.": "", "profiles.note": "serve.note", "evaluation.notes": "evaluation.note"}
NO_PROSE = "manifest.production.script"


def require_true(
    card: Card, report: Report, manifest: Manifest, checkpoint: Checkpoint, home: Path = Path()
) -> None:
    """Raise `ReleaseError` for the first claim of a person that is wrong, or unproven.

    Theirs are the words of release.toml and of templates of their own.

    What `[[allow]]` accepts is left; what the card computes is true by itself.
    """
    text = card.text.rpartition(MARK)[0]
    judged = audit_card(Audit(CARD_FILE, text, checkpoint, manifest, report, home))
    lines = text.split("\n")
    for found in judged.findings:
        if found.where.line is None or found.severity == "info":
            continue
        key, said = max(_stated(card, found.where.line), key=lambda each: len(each[1]))
        hint = f"{found.fix}; or accept it: [[allow]] {found.rule}, with the reason"
        if said:
            raise ReleaseError(f"{key}: {found.message}", where=_place(home, key, said), hint=hint)
        if (home / TEMPLATES).is_dir():
            what = f"{lines[found.where.line - 1]!r:.80}: {found.message}"
            raise ReleaseError(what, where=f"{TEMPLATES}/", hint=hint)


def _stated(card: Card, line: int) -> list[tuple[str, str]]:
    """The words of release.toml on a line, each with its key."""
    before = card.text.split("\n")[:line]
    end = sum(len(text) + 1 for text in before)
    start = end - len(before[-1]) - 1
    found = [("", "")]
    for place in card.places:
        name = place.figure.name
        head = next((head for head in STATED if name.startswith(head)), None)
        if head and name != NO_PROSE and place.start < end and place.end > start:
            key = STATED[head] + name.removeprefix(head)
            key = key if key.startswith("rationale") else key.replace("_", "-")
            said = card.text[max(place.start, start) : min(place.end, end)]
            found.append((key, said.strip()))
    return found


def _place(home: Path, key: str, said: str) -> str:
    """The line of release.toml that says it, else that alone has the key, else the file."""
    name = MANIFEST_FILE.name
    try:
        lines = (home / name).read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return name
    assigned = re.compile(rf"\s*{re.escape(key.rpartition('.')[2])}\s*=")
    for holds in (lambda text: said in text, assigned.match):
        numbers = [number for number, text in enumerate(lines, start=1) if holds(text)]
        if len(numbers) == 1:
            return f"{name}:{numbers[0]}"
    return name
