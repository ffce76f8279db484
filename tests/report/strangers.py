"""A report whose every text was written by somebody who means ill."""

import msgspec

from release.facts.identity import FileDigest
from release.report import Report, Subject, Suppressed, Tool, summarise
from release.rules import Finding, Where
from release.rules.runner import NotChecked

EVIL = "a\x1b[31m\n::error::x##[y]%0A|`<b>]]>&\u202e,:\x00"


def stranger(severity: str = "error", *, required: bool = False) -> Report:
    where = Where(file=EVIL, tensor=EVIL)
    finding = Finding("Q101", "group-matches-nothing", severity, where, EVIL, EVIL)
    return Report(
        schema=1,
        tool=Tool("release", "0.1.0"),
        checkpoint=Subject(EVIL, None, (FileDigest(EVIL, 7, None),)),
        levels={"headers": "done", "bytes": "not run", "base": "not run", "smoke": "not run"},
        checked=("Q101",),
        summary=summarise((finding,)),
        findings=(finding,),
        suppressed=(Suppressed(**msgspec.structs.asdict(finding), reason=EVIL),),
        not_checked=(NotChecked(EVIL, EVIL, required),),
        facts={"model": {"architecture": EVIL}, "precision": {"not_estimated": EVIL}},
        environment={},
        timings={"rules": 0.5},
    )


def clean() -> Report:
    none = summarise(())
    return msgspec.structs.replace(
        stranger(), findings=(), suppressed=(), not_checked=(), summary=none
    )
