"""report.json as it is."""

from release.report import Report, encode_report


def write(report: Report, *, color: bool, strict: bool) -> str:  # noqa: ARG001 - one signature for all
    """Write the report as one JSON document."""
    return encode_report(report).decode()
