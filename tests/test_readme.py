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
    (work / "release.toml").write_text(manifest[1])
    assert run("verify", cwd=work).returncode == 0
    assert run("card", cwd=work).returncode == 0, "its rationale names a group of the demo"


def test_every_command_and_option_it_names_exists(run: Run) -> None:
    known = re.findall(r"^  (\w+)  ", run("--help").stdout, re.MULTILINE)
    named = re.findall(r"`release (\w+)([^`]*)`", README)
    assert len(named) > 10
    assert {command for command, _ in named} <= set(known)
    options = {command: run(command, "--help").stdout for command in {name for name, _ in named}}
    for command, words in named:
        for option in re.findall(r"--[a-z-]+", words):
            assert option in options[command], f"{command} {option}"
    everywhere = "".join(options.values())
    for option in re.findall(r"--[a-z-]+", " ".join(re.findall(r"`[^`\n]+`", README))):
        assert option in everywhere


def test_every_place_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)#?([^)]*)\)", README)
    assert len(links) > 20
    for target, anchor in links:
        text = (ROOT / target).read_text(encoding="utf-8")
        titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert not anchor or anchor in {title.lower().replace(" ", "-") for title in titles}
