"""What is in the repository is the same on every machine, and short enough to read."""

import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

from tests.conftest import ROOT

HOSTS = ("pypi" + ".org", "python" + "hosted", "registry.npm" + "js")
LONGEST, MEDIAN = 300, 120
ABOUT_PATHS = ROOT / "tests/checks/files/test_f121_local_path_in_file.py"


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_place_of_this_machine_or_a_package_index() -> None:
    places = [str(place) for place in (ROOT.resolve(), Path.home()) if len(place.parts) > 1]
    words = [rf"(?<![\w.}}]){re.escape(place)}/" for place in places]
    bad = re.compile("|".join([*words, *map(re.escape, HOSTS)]).encode())
    named = {path: bad.search(path.read_bytes()) for path in tracked() if path != ABOUT_PATHS}
    assert {path: found for path, found in named.items() if found} == {}


@pytest.mark.parametrize("folder", ["release", "checks"])
def test_files_are_short(folder: str) -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked(f"{folder}/**/*.py")
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
    assert median(lengths.values()) <= MEDIAN


def test_nothing_tracked_is_a_link_or_executable_but_the_ci_script() -> None:
    command = ["git", "ls-files", "-s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    modes = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert [entry[3] for entry in modes if entry[0] != "100644"] == [".ci/run"]
