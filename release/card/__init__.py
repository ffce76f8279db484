"""The model card, rendered from a report and a manifest. All its numbers are the report's."""

import re
import shlex
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from release.card.header import write_header
from release.content import content
from release.errors import ReleaseError
from release.manifest import Manifest
from release.report import Report
from release.report.fold import fold_reasons
from release.tables import (
    architecture_table,
    cache_table,
    context_length,
    is_known,
    precision_table,
    reason,
    serving_table,
    weights_table,
)
from release.tables.markdown import write_table
from release.text import code_span, markdown
from release.units import binary_bytes, decimal_bytes, parameters, plural

PAGE = "README.md.j2"
MARK = "<!-- written by release "
_BLANK = re.compile(r"\n{3,}")


def render_card(report: Report, manifest: Manifest) -> str:
    """Render the card. The same report and manifest give the same bytes.

    Raises `ReleaseError` when the manifest explains a precision that the checkpoint does not have,
    or a template does not hold.
    """
    _require_rationale_is_used(report, manifest)
    environment = _environment()
    try:
        text = environment.get_template(PAGE).render(_context(report, manifest))
    except TemplateError as error:
        name = getattr(error, "name", None) or "card template"
        raise ReleaseError(f"cannot be rendered: {error.message}", where=name) from None
    return _BLANK.sub("\n\n", text).rstrip("\n") + "\n"


def is_ours(text: str) -> bool:
    """Whether a card was rendered by us, not written by hand."""
    return MARK in text


def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - Markdown, not HTML: `markdown` and `code` escape it
        loader=FileSystemLoader(content("templates") / "card"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "binary_bytes": binary_bytes,
        "code": code_span,
        "count": "{:,}".format,
        "decimal_bytes": decimal_bytes,
        "markdown": markdown,
        "parameters": parameters,
        "plural": plural,
        "reason": reason,
        "shell": shlex.quote,
        "table": write_table,
    }
    environment.tests["known"] = is_known
    return environment


def _context(report: Report, manifest: Manifest) -> dict[str, Any]:
    facts = report.facts
    return {
        "header": write_header(facts, manifest),
        "mark": MARK,
        "manifest": manifest,
        "name": manifest.repo.partition("/")[2],
        "report": report,
        "facts": facts,
        "not_checked": fold_reasons(report.not_checked),
        "context_length": context_length(facts),
        "schemes": [row["scheme"] for row in facts["precision"] if row["group"]]
        if is_known(facts.get("precision"))
        else [],
        "architecture_table": architecture_table(facts),
        "cache_table": cache_table(facts),
        "precision_table": precision_table(facts, manifest.rationale),
        "serving_table": serving_table(facts),
        "served": _is_served(report, manifest),
        "weights_table": weights_table(facts),
    }


def _is_served(report: Report, manifest: Manifest) -> bool:
    """Whether this very command was run against the checkpoint, and nothing was wrong with it."""
    served = (report.facts.get("smoke") or {}).get("served") or {}
    ran = served.get("argv") == [manifest.repo, *manifest.serve_args] and not served.get("cause")
    return bool(ran) and not any(finding.rule == "S108" for finding in report.findings)


def _require_rationale_is_used(report: Report, manifest: Manifest) -> None:
    rows: Any = report.facts.get("precision")
    if not is_known(rows):
        return
    known = {name for row in rows for name in (row["group"], row["scheme"]) if name}
    for name in manifest.rationale:
        if name not in known:
            what = f"rationale of {name!r}, which no module is stored in"
            hint = f"the checkpoint has {', '.join(sorted(known))}"
            raise ReleaseError(what, where="release.toml", hint=hint)
