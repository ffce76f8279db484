"""The model card, rendered from a report and a manifest. All its numbers are the report's."""

from pathlib import Path

import msgspec

from release.card.context import gather, make_context
from release.card.environment import make_environment, render_page, require_used
from release.card.ledger import Card, Ledger
from release.card.seal import is_ours, seal
from release.card.vocabulary import require_header
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.facts.secrets import find_secrets
from release.manifest import Manifest
from release.report import Report
from release.tables import is_known

__all__ = ["Card", "is_ours", "render_card"]

TEMPLATES = "templates"


def render_card(
    report: Report, manifest: Manifest, checkpoint: Checkpoint, home: Path = Path()
) -> Card:
    """Render the card. The same report, manifest and files in `home` give the same bytes.

    `home` is the folder of release.toml: its `templates/` replace blocks of ours.

    Raises `ReleaseError` when the Hub would refuse the header, the manifest explains a precision
    that the checkpoint does not have, a command does not start on the GPU it is for, or a template
    does not hold.
    """
    require_header(manifest)
    _require_rationale_is_used(report, manifest)
    own = home / TEMPLATES
    ledger = Ledger()
    environment = make_environment(ledger, own if own.is_dir() else None)
    sources = gather(report, manifest, checkpoint, home)
    context = make_context(sources, ledger)
    marked = render_page(environment, context)
    require_used(environment, own)
    card = ledger.close(marked)
    _require_no_secret(card.text)
    text = seal(card.text, report.tool.version, report.checkpoint.digest)
    return msgspec.structs.replace(card, text=text, files=sources.files)


def _require_no_secret(text: str) -> None:
    """A script or a note may hold a token: nobody looks at the card again before it is public."""
    for secret in find_secrets(CARD_FILE, text):
        hint = "remove it from release.toml or the file it names, and revoke it"
        what = f"would hold {secret.kind} at {secret.path}"
        raise ReleaseError(what, where=CARD_FILE, hint=hint)


def _require_rationale_is_used(report: Report, manifest: Manifest) -> None:
    rows = report.facts.get("precision")
    if not is_known(rows) or rows is None:
        return
    known = {name for row in rows for name in (row["group"], row["scheme"]) if name}
    for name in manifest.rationale:
        if name not in known:
            what = f"rationale of {name!r}, which no module is stored in"
            hint = f"the checkpoint has {', '.join(sorted(known))}"
            raise ReleaseError(what, where="release.toml", hint=hint)
