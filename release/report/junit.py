"""The report as JUnit XML: a rule is a test case, so that a CI server shows it as a test."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from release.report import Report
from release.report.fold import Folded, fold
from release.rules.catalogue import Rule, all_rules
from release.text import printable


def write(report: Report, *, color: bool, strict: bool) -> str:  # noqa: ARG001 - one signature for all
    """Write one suite; what makes `verify` fail is a failure, other findings are its output."""
    cases = [*_judged(report, strict=strict), *_skipped(report)]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{sum(report.timings.values()):.3f}",
    }
    name = printable(f"release verify {report.checkpoint.name}")
    suites = ET.Element("testsuites", {"name": "release", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": name, **counts})
    suite.extend(cases)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}'


def _judged(report: Report, *, strict: bool) -> Iterator[ET.Element]:
    failing = {"error", "warning"} if strict else {"error"}
    found: dict[str, list[Folded]] = {}
    for folded in fold(report.findings):
        found.setdefault(folded.first.rule, []).append(folded)
    for rule in all_rules():
        if rule.code not in found and rule.code not in report.checked:
            continue
        case = _case(rule)
        mine = found.get(rule.code, [])
        bad = [folded for folded in mine if folded.first.severity in failing]
        others = [folded for folded in mine if folded.first.severity not in failing]
        if bad:
            worst = bad[0].first
            attributes = {"type": worst.severity, "message": printable(_line(bad[0]))}
            ET.SubElement(case, "failure", attributes).text = _text(bad)
        if others:
            ET.SubElement(case, "system-out").text = _text(others)
        yield case


def _skipped(report: Report) -> Iterator[ET.Element]:
    """Give what was not judged; it is an error where the checkpoint, not the caller, is why."""
    for entry in report.not_checked:
        names = {"classname": "release.not-checked", "name": printable(entry.what)}
        case = ET.Element("testcase", names)
        outcome = "error" if entry.required else "skipped"
        ET.SubElement(case, outcome, {"message": printable(entry.reason)})
        yield case


def _case(rule: Rule) -> ET.Element:
    names = {"classname": f"release.{rule.family}", "name": f"{rule.code} {rule.name}"}
    return ET.Element("testcase", names)


def _text(found: list[Folded]) -> str:
    lines = (f"{item.first.severity}: {_line(item)}; fix: {item.first.fix}" for item in found)
    return "\n".join(map(printable, lines))


def _line(folded: Folded) -> str:
    times = f" ×{folded.count:,}" if folded.count > 1 else ""
    return f"{folded.place}{times}: {folded.first.message}"
