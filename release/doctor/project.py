"""The working directory: its release.toml, and the report that card and push would speak from."""

import os

from release.doctor import Check, Needs
from release.errors import ReleaseError
from release.manifest import MANIFEST_FILE, load_manifest
from release.report import REPORT_FILE, load_report
from release.units import plural


def check_project() -> tuple[Needs, tuple[Check, ...]]:
    """Read both, and say what the manifest asks of the machine."""
    needs, manifest = _manifest()
    return needs, (manifest, _report())


def _manifest() -> tuple[Needs, Check]:
    name = MANIFEST_FILE.name
    if not os.path.lexists(MANIFEST_FILE):
        hint = "card and push need one: repo, license, base"
        return Needs(), Check(name, "note", "there is none here", hint)
    try:
        manifest = load_manifest()
    except ReleaseError as error:
        return Needs(), Check(name, "problem", error.what, error.hint)
    needs = Needs("smoke" in manifest.policy.levels, manifest.repo)
    levels = ", ".join(manifest.policy.levels)
    return needs, Check(name, "ok", f"{manifest.repo}; a push demands {levels}")


def _report() -> Check:
    if not REPORT_FILE.exists():
        return Check("report", "note", "there is none here", "run `release verify CKPT`")
    try:
        report = load_report(REPORT_FILE)
    except ReleaseError as error:
        return Check("report", "problem", error.what, error.hint)
    done = ", ".join(level for level, state in report.levels.items() if state == "done")
    errors = plural(report.summary["error"], "error")
    return Check("report", "ok", f"{report.checkpoint.name}: {errors}; levels {done}")
