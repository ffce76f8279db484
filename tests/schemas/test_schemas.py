"""The published schemas: what the types say, true of every report and manifest here."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from release.errors import ReleaseError
from release.manifest import parse_manifest
from release.schemas import FOLDER, build_schemas
from tests.conftest import CHECKPOINTS, DEMO, MANIFEST, ROOT, Run, check_report

SCHEMAS = build_schemas()
MANIFESTS = [
    DEMO.parent / "release.toml",
    *(path for path in ROOT.glob("examples/**/release.toml")),
]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema_and_the_one_that_ships(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMAS[name]))
    assert (FOLDER / name).read_text(encoding="utf-8") == SCHEMAS[name], "run `make docs`"


def manifest_errors(value: Any) -> list[str]:
    schema = json.loads(SCHEMAS["release.toml.schema.json"])
    validator = jsonschema.Draft202012Validator(schema)
    plain = msgspec.to_builtins(value)  # dates as text, as editors take them
    return [error.message for error in validator.iter_errors(plain)]


@pytest.mark.parametrize("place", MANIFESTS, ids=lambda path: path.parent.name)
def test_our_own_manifests_fit(place: Path) -> None:
    assert manifest_errors(tomllib.loads(place.read_text(encoding="utf-8"))) == []


WRONG: dict[str, dict[str, Any]] = {
    "unknown key": {"licence": "mit"},
    "wrong type": {"license": 3},
    "unknown in a table": {"policy": {"level": ["headers"]}},
    "no base": {"base": {}},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_the_tool_refuses_an_editor_marks(case: str) -> None:
    value = tomllib.loads(MANIFEST)
    assert manifest_errors(value) == []
    with pytest.raises(ReleaseError):
        parse_manifest(value | WRONG[case])
    assert manifest_errors(value | WRONG[case])


@pytest.mark.parametrize("name", ["llama-nvfp4", "gpt_oss-mxfp4", "qwen3-kv-only"])
@pytest.mark.parametrize("level", ["headers", "bytes"])
def test_reports_fit_at_every_level(name: str, level: str, run: Run, tmp_path: Path) -> None:
    run("verify", CHECKPOINTS / name, "--level", level)
    check_report(tmp_path / "work" / ".release" / "report.json")


def test_a_report_that_lacks_a_key_does_not(run: Run, tmp_path: Path) -> None:
    run("verify", DEMO, "--level", "headers")
    report = tmp_path / "work" / ".release" / "report.json"
    value = json.loads(report.read_text())
    del value["facts"]["weights"]
    report.write_bytes(msgspec.json.encode(value))
    with pytest.raises(jsonschema.ValidationError, match="'weights' is a required property"):
        check_report(report)


@pytest.mark.parametrize("what", ["report", "manifest"])
def test_the_command_prints_it(what: str, run: Run) -> None:
    done = run("schema", what)
    assert done.returncode == 0
    assert done.stdout in SCHEMAS.values()
