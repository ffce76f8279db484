"""The closing words of a report, the same in every format that a person reads."""

import msgspec

from release.report import CLEAN, DONE, UNCHECKED, Report
from release.units import plural


class Verdict(msgspec.Struct, frozen=True):
    """`word` is passed, failed or unchecked; `text` the counts behind it."""

    word: str
    text: str


def judge(report: Report, *, strict: bool) -> Verdict:
    """Put the exit code into words."""
    code = report.exit_code(strict=strict)
    counts = ", ".join(
        plural(count, level)
        for level, count in (
            ("error", report.summary["error"]),
            ("warning", report.summary["warning"]),
            ("note", report.summary["info"]),
        )
        if count
    )
    if code == UNCHECKED:
        required = sum(entry.required for entry in report.not_checked)
        return Verdict("unchecked", f"{plural(required, 'required check')} could not be made")
    levels = " and ".join(level for level, state in report.levels.items() if state == DONE)
    scope = f"{plural(len(report.checked), 'rule')} on {levels}"
    return Verdict("passed" if code == CLEAN else "failed", f"{counts or 'no findings'} ({scope})")
