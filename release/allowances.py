"""What the manifest allows: findings taken out with their reason, entries that nothing needed."""

import msgspec

from release.manifest import Allow
from release.report import Suppressed
from release.rules import Finding
from release.rules.runner import NotChecked, Verdicts


class Outcome(msgspec.Struct, frozen=True):
    """Verdicts after the manifest's `[[allow]]` entries; `unused` hit nothing."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    not_checked: tuple[NotChecked, ...]
    unused: tuple[Allow, ...]


def apply_allows(verdicts: Verdicts, allows: tuple[Allow, ...]) -> Outcome:
    """Move what is allowed out of the findings; accept what could not be checked."""
    used: set[Allow] = set()
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in verdicts.findings:
        allow = next((entry for entry in allows if entry.covers(finding)), None)
        if allow is None:
            kept.append(finding)
            continue
        used.add(allow)
        suppressed.append(Suppressed(**msgspec.structs.asdict(finding), reason=allow.reason))
    skipped: list[NotChecked] = []
    for entry in verdicts.not_checked:
        allow = next((each for each in allows if entry.what.startswith(f"{each.code} ")), None)
        if allow is None:
            skipped.append(entry)
            continue
        used.add(allow)
        skipped.append(NotChecked(entry.what, f"{entry.reason} (allowed: {allow.reason})"))
    unused = tuple(entry for entry in allows if entry not in used)
    return Outcome(tuple(kept), tuple(suppressed), tuple(skipped), unused)
