"""Nothing that a stranger wrote gets out of line, in any format."""

import json
import time
import unicodedata
from xml.etree import ElementTree as ET

import msgspec
import pytest

from release.report import Report
from release.report.formats import render
from release.rules import Finding, Where
from tests.report.strangers import EVIL, clean, stranger

parse = ET.fromstring  # what we wrote ourselves
CONTROL = {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("style", ["human", "github", "markdown", "junit"])
def test_no_control_character_gets_through(style: str) -> None:
    text = render(stranger(required=True), style, color=False)
    assert {c for c in text if unicodedata.category(c) in CONTROL} <= {"\n", "\u200b"}


def test_colour_is_only_ours() -> None:
    text = render(stranger(), "human", color=True)
    assert "\x1b[1m" in text
    assert "a\x1b[31m" not in text


def test_json_is_the_report() -> None:
    report = stranger()
    assert msgspec.json.decode(render(report, "json"), type=Report) == report
    assert json.loads(render(report, "json"))["findings"][0]["message"] == EVIL


def test_github_obeys_only_our_commands() -> None:
    lines = render(stranger(), "github").splitlines()
    assert [line.startswith("::") for line in lines] == [True, False]
    command, _, message = lines[0].removeprefix("::error ").partition("::")
    assert {part.partition("=")[0] for part in command.split(",")} == {"file", "title"}
    assert "%0A" not in message.replace("%250A", "")
    assert "##[" not in lines[0]


def test_github_names_what_a_finding_is() -> None:
    levels = {"error": "error", "warning": "warning", "info": "notice"}
    for severity, command in levels.items():
        assert render(stranger(severity), "github").startswith(f"::{command} ")


def test_markdown_keeps_its_table() -> None:
    rows = [line for line in render(stranger(), "markdown").splitlines() if line.startswith("|")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [5, 5, 5]


@pytest.mark.parametrize(
    ("severity", "strict", "failures"),
    [("error", False, 1), ("warning", False, 0), ("warning", True, 1), ("info", True, 0)],
)
def test_junit_fails_where_verify_fails(severity: str, strict: bool, failures: int) -> None:
    report = stranger(severity)
    suites = parse(render(report, "junit", strict=strict))
    assert (suites.get("tests"), suites.get("failures")) == ("2", str(failures))
    assert len(suites.findall(".//failure")) == failures
    assert len(suites.findall(".//skipped")) == 1
    assert bool(failures) == bool(report.exit_code(strict=strict))


def test_junit_has_a_case_for_each_rule_that_judged() -> None:
    suites = parse(render(clean(), "junit"))
    assert [case.get("name") for case in suites.iter("testcase")] == ["Q101 group-matches-nothing"]
    required = parse(render(stranger(required=True), "junit"))
    assert required.get("errors") == "1"


@pytest.mark.parametrize("style", ["human", "github", "junit", "markdown", "sarif", "json"])
def test_time_is_linear_in_findings(style: str) -> None:
    finding = stranger().findings[0]
    findings = tuple(
        msgspec.structs.replace(finding, where=Where(module=f"layers.{n}.experts.{m}"))
        for n in range(60)
        for m in range(500)
    )
    start = time.process_time()
    text = render(msgspec.structs.replace(clean(), findings=findings), style, strict=True)
    assert time.process_time() - start < 10
    if style not in {"json", "sarif"}:
        assert "layers.{0-59}.experts.{0-499}" in text
        assert "×30,000" in text.replace("%2C", ",")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (clean(), "passed: no findings (1 rule on headers)"),
        (stranger(), "failed: 1 error (1 rule on headers)"),
        (stranger("info"), "passed: 1 note (1 rule on headers)"),
        (stranger("info", required=True), "unchecked: 1 required check could not be made"),
        (stranger("error", required=True), "failed: 1 error (1 rule on headers)"),
    ],
)
def test_the_last_line_is_the_verdict(report: Report, words: str) -> None:
    assert render(report, "human").splitlines()[-1] == words
    assert render(report, "github").endswith(words)


def test_the_worst_comes_first() -> None:
    findings = tuple(
        Finding("Q101", "group-matches-nothing", severity, Where(), "m", "f")
        for severity in ("info", "warning", "error")
    )
    text = render(msgspec.structs.replace(clean(), findings=findings), "human")
    assert text.index("error[") < text.index("warning[") < text.index("info[")
