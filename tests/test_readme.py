"""What README says is so; tests/test_docs.py holds the output that it shows."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import DEMO, ROOT, Run

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "readme"
    work.mkdir()
    shutil.copytree(DEMO, work / "ckpt")
    return work


def test_the_manifest_it_shows_is_valid(work: Path, run: Run) -> None:
    manifest = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert manifest
    (work / "release.toml").write_text(re.sub(r"^   ", "", manifest[1], flags=re.MULTILINE))
    assert run("verify", cwd=work).returncode == 0
    assert run("card", cwd=work).returncode == 0, "its rationale names a group of the demo"


def test_every_command_it_names_exists(run: Run) -> None:
    known = set(re.findall(r"^  (\w+) ", run("--help").stdout, re.MULTILINE))
    assert set(re.findall(r"release (verify|card|push|tables|rule|demo)\b", README)) <= known


def test_every_file_it_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
