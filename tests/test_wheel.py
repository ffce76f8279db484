"""The package as its users get it: sdist, the wheel from that, a clean environment."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import __version__
from tests.conftest import ROOT, Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel, and the dependencies that are here already."""
    home = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "--no-index", "--no-deps", str(wheel)], check=True)
    # Not a site folder of its own: what is installed editable there stays out of reach.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def call(scripts: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [scripts / args[0], *args[1:]],
        cwd=cwd,
        env=environment | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_brings_one_name_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"release", f"release_checkpoint-{__version__}.dist-info"}
    assert not [name for name in names if "test" in name.rpartition("/")[2]]


def test_it_holds_what_the_checkout_holds(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "release", "checks", "templates"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    expected = {path if path.startswith("release/") else f"release/{path}" for path in tracked}
    assert expected - {"release/"} <= set(zipfile.ZipFile(wheel).namelist())


def test_it_knows_the_same_rules(scripts: Path, run: Run, tmp_path: Path) -> None:
    done = call(scripts, "release", "rule", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(run("rule", "--format", "json").stdout)


def test_the_demo_runs(scripts: Path, tmp_path: Path) -> None:
    done = call(scripts, "release", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "took 1 commit" in done.stdout


def test_it_has_a_second_name(scripts: Path, tmp_path: Path) -> None:
    done = call(scripts, "release-checkpoint", "--version", cwd=tmp_path)
    assert done.stdout == f"release, version {__version__}\n"
    where = call(scripts, "python", "-c", "import release; print(release.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(scripts.parent)


def test_every_dependency_is_pinned_for_the_demo() -> None:
    """Nothing is resolved when an environment is made: what is not in the list is not there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements" / "core.txt").read_text().splitlines()
    pins = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    needed = list(map(Requirement, project["dependencies"]))
    for name in pins:
        needed += [Requirement(text) for text in importlib.metadata.requires(name) or ()]
    always = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    assert {str(each) for each in always if canonicalize_name(each.name) not in pins} == set()
