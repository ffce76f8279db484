"""`release verify` as a person and a script see it: exit codes, streams, files."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DEMO, MANIFEST, Drafts, Run

GROUP = "quantization_config.config_groups.group_1.targets"
FORMATS = ("human", "json", "sarif", "junit", "github", "markdown")


@pytest.fixture
def broken(draft: Drafts) -> Path:
    return draft("demo").config(GROUP, ["re:.*expert$"]).path


@pytest.fixture
def odd(draft: Drafts) -> Path:
    """Only a warning: an index with a wrong total."""
    return draft("demo").edit("model.safetensors.index.json", "metadata.total_size", 7).path


@pytest.mark.parametrize("style", FORMATS)
def test_the_exit_code_is_the_same_in_every_format(
    style: str, broken: Path, odd: Path, run: Run
) -> None:
    assert run("verify", broken, "--format", style).returncode == 1
    assert run("verify", odd, "--format", style).returncode == 0
    assert run("verify", odd, "--format", style, "--strict").returncode == 1
    assert run("verify", DEMO, "--format", style, "--strict").returncode == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "nowhere: does not exist"),
        ([], "no checkpoint was named"),
        ([DEMO, "--select", "Q999"], "there is no rule 'Q999'"),
        ([DEMO / "config.json"], "is not a folder"),
        ([DEMO, "--format", "xml"], "'xml' is not one of"),
        ([DEMO, "--levle", "bytes"], "--level"),
        ([DEMO, "-o", "/dev/null/report"], "cannot be written"),
        ([DEMO, "-o", "/"], "/: cannot be written: Is a directory"),
    ],
)
def test_what_cannot_run_ends_with_2_and_prints_nothing(
    args: list[Any], words: str, run: Run
) -> None:
    done = run("verify", *args)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_manifest_that_cannot_be_read_is_not_passed_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "release.toml").mkdir()
    done = run("verify", DEMO, cwd=tmp_path)
    assert done.returncode == 2
    assert "release.toml: cannot be read" in done.stderr


def test_stdout_is_one_document_and_nothing_else(broken: Path, run: Run, tmp_path: Path) -> None:
    done = run("verify", broken, "--format", "json")
    report = json.loads(done.stdout)
    assert done.stderr == ""
    assert json.loads((tmp_path / "work/.release/report.json").read_text()) == report
    assert str(tmp_path) not in done.stdout, "a report holds no path of the machine"


def test_quiet_says_nothing_on_stderr(run: Run) -> None:
    assert run("verify", DEMO).stderr == "report: .release/report.json\n"
    assert run("verify", DEMO, "-q").stderr == ""


def test_output_goes_to_a_file_instead(broken: Path, run: Run, tmp_path: Path) -> None:
    printed = run("verify", broken, "--format", "markdown", "--level", "headers").stdout
    args = ("--format", "markdown", "--level", "headers", "-o", "out/report.md")
    done = run("verify", broken, *args)
    assert (done.returncode, done.stdout) == (1, "")
    assert (tmp_path / "work/out/report.md").read_text() == printed


def test_a_pipe_is_written_to_and_not_replaced(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert run("verify", DEMO, "-o", pipe).returncode == 0
    assert "passed" in reader.communicate()[0]
    assert pipe.is_fifo()


def test_a_link_is_followed_and_not_replaced(run: Run, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    assert run("verify", DEMO, "-o", link).returncode == 0
    assert "passed" in (tmp_path / "real").read_text()
    assert link.is_symlink()


def test_a_dash_is_stdout(run: Run) -> None:
    assert run("verify", DEMO, "-o", "-").stdout == run("verify", DEMO).stdout


def test_where_no_report_can_be_kept_it_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "work" / ".release").write_text("in the way")
    done = run("verify", DEMO)
    assert done.returncode == 2
    assert done.stderr.endswith("error: .release/report.json: cannot be written: File exists\n")
    assert "passed: " in done.stdout, "what was found is said all the same"


def test_a_report_is_kept_though_nobody_reads_the_result(run: Run, tmp_path: Path) -> None:
    done = run("verify", DEMO, "-o", "/dev/null/result")
    assert done.returncode == 2
    assert (tmp_path / "work" / ".release" / "report.json").is_file()


def test_card_and_push_speak_of_the_checkpoint_that_was_verified(
    run: Run, tmp_path: Path, draft: Drafts
) -> None:
    path = draft("demo").path
    (tmp_path / "work" / "release.toml").write_text(MANIFEST)
    assert run("verify", path).returncode == 0
    assert run("card").returncode == 0
    assert (path / "README.md").is_file()


def test_the_checkpoint_is_left_as_it_was(run: Run, draft: Drafts) -> None:
    path = draft("demo").path
    before = sorted(path.rglob("*"))
    run("verify", path)
    assert sorted(path.rglob("*")) == before


def test_left_out_rules_are_reported_as_not_checked(run: Run) -> None:
    report = json.loads(run("verify", DEMO, "--select", "Q1,F105", "--format", "json").stdout)
    assert {code[:2] for code in report["checked"]} == {"Q1", "F1"}
    skipped = {entry["what"][:4] for entry in report["not_checked"]}
    assert "F101" in skipped
    assert not skipped & set(report["checked"])


def test_report_json_has_the_keys_that_are_contracts(run: Run) -> None:
    report = json.loads(run("verify", DEMO, "--format", "json").stdout)
    assert report["schema"] == 1
    assert set(report["tool"]) == {"name", "version"}
    assert set(report) >= {
        *("checkpoint", "levels", "summary", "findings", "suppressed", "not_checked"),
        *("facts", "environment", "timings"),
    }
    assert set(report["levels"]) >= {"headers", "bytes", "base", "smoke"}
    assert report["summary"] == {"error": 0, "warning": 0, "info": 2}
    assert report["checkpoint"]["digest"].startswith("sha256:")
    assert {"path", "size", "sha256"} == set(report["checkpoint"]["files"][0])
    weights = report["facts"]["weights"]
    assert set(weights) >= {"total_bytes", "parameters", "hub_parameters", "components"}
    assert sum(part["bytes"] for part in weights["components"]) == weights["total_bytes"]
    for part in weights["components"]:
        assert part["bytes"] == sum(part["dtypes"].values()) == sum(part["schemes"].values())
