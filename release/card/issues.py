"""Known issues that still concern the versions a card names."""

from typing import Any

from release.facts.dated import concerns
from release.manifest import Manifest
from release.manifest.tables import Issue
from release.report import Report
from release.tables import is_known

PACKAGES = {"vllm": "version", "transformers": "transformers"}


def relevant_issues(manifest: Manifest, report: Report) -> tuple[Issue, ...]:
    """The issues that a release which the card allows still has; of other engines, all."""
    return tuple(
        issue
        for issue in manifest.known_issues
        if concerns(issue.affected, issue.fixed, _oldest(report, issue.engine))
    )


def _oldest(report: Report, engine: str) -> str | None:
    minimum: Any = report.facts.get("minimum_vllm")
    key = PACKAGES.get(engine)
    if key is None or not is_known(minimum):
        return None
    oldest: str | None = minimum[key]
    return oldest
