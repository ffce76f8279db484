"""The report that `verify` wrote last, and the last one of a folder, which can be published."""

from contextlib import suppress
from pathlib import Path

from release.errors import ReleaseError
from release.report import REPORT_FILE, Report, load_report, save_report

FOLDER_FILE = Path(".release/folder-report.json")
"""The last report of a folder, while REPORT_FILE is one of a revision on the Hub."""


def keep_report(report: Report) -> None:
    """Write a report to REPORT_FILE; what was said of a folder outlives a look at the Hub.

    Raises `ReleaseError`.
    """
    if report.checkpoint.origin is None:
        with suppress(OSError):
            FOLDER_FILE.unlink()
    else:
        with suppress(ReleaseError, OSError):
            if load_report(REPORT_FILE).checkpoint.origin is None:
                REPORT_FILE.replace(FOLDER_FILE)
    save_report(report, REPORT_FILE)


def last_of_folder() -> Report:
    """Read the last report of a folder, else the last one. Raises `ReleaseError`."""
    report = load_report(REPORT_FILE)
    if report.checkpoint.origin is not None and FOLDER_FILE.is_file():
        return load_report(FOLDER_FILE)
    return report
