"""CONTRIBUTING.md followed to the letter, in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
import tomllib
from pathlib import Path

import pytest
import yaml

from release import __version__
from tests.conftest import ROOT

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILE = re.compile(
    r"^   `(?P<path>[\w/.]+\.py)`\n\n   ```python\n(?P<text>.*?)^   ```", re.MULTILINE | re.DOTALL
)
FIVE_MINUTES = 300.0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The tracked files without their history, and what mypy found out about them before."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    if (known := ROOT / ".mypy_cache").is_dir():
        shutil.copytree(known, tmp_path / "checkout" / known.name)
    return tmp_path / "checkout"


@pytest.mark.slow
def test_a_rule_is_added_in_five_minutes(checkout: Path) -> None:
    began = time.monotonic()
    written = [(checkout / match["path"], match["text"]) for match in FILE.finditer(CONTRIBUTING)]
    assert [path.parent.name for path, _ in written] == ["config", "config"]
    for path, text in written:
        assert not path.exists()
        path.write_text(textwrap.dedent(text))
    commands = re.findall(r"^   \$ \.venv/bin/(.*)$", CONTRIBUTING, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        program, *args = command.split()
        done = call(checkout, str(Path(sys.executable).parent / program), *args)
        assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < FIVE_MINUTES
    assert "C190 norm-epsilon-odd" in (checkout / "docs" / "rules.md").read_text()
    page = call(checkout, sys.executable, "-m", "release", "rule", "C190").stdout
    assert "1e5 was meant to be 1e-5" in page


def call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_versions_of_python_that_are_declared_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = re.findall(
        r":: Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE
    )
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert declared == ci["jobs"]["demo"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={declared[0]}"
    assert f"Python {declared[0]} to {declared[-1]}" in CONTRIBUTING


def test_what_is_cited_is_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert {"cff-version", "title", "message", "authors"} <= citation.keys()
