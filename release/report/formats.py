"""A report in each of its formats."""

import importlib

from release.report import Report

_WRITERS = {
    "human": "release.report.human",
    "json": "release.report.document",
    "sarif": "release.report.sarif",
    "junit": "release.report.junit",
    "github": "release.report.github",
    "markdown": "release.report.markdown",
}


def render(report: Report, style: str, *, color: bool = False, strict: bool = False) -> str:
    """Render a report in a format by name; each format's module is imported when it is used."""
    writer = importlib.import_module(_WRITERS[style])
    text: str = writer.write(report, color=color, strict=strict)
    return text
