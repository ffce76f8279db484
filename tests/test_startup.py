"""What an answer costs before it is given: the modules it imports, not a clock's opinion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HEAVY = {"huggingface_hub", "jinja2", "msgspec", "numpy", "rich", "torch", "transformers", "yaml"}
NEVER = HEAVY - {"msgspec"}
PROGRAM = """
import sys
from pathlib import Path
sys.argv = ["release", *sys.argv[1:]]
from release.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def imported(*args: str) -> set[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["-h"]])
def test_help_imports_no_command_and_nothing_heavy(args: list[str]) -> None:
    modules = imported(*args)
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("release")} == {
        *("release", "release.cli", "release.cli.group", "release.errors")
    }


@pytest.mark.parametrize(
    "args", [["rule"], ["rule", "Q101"], ["verify", "--help"], ["card", "--help"], ["push", "-h"]]
)
def test_rules_and_pages_of_help_import_nothing_heavy(args: list[str]) -> None:
    assert not imported(*args) & NEVER


def test_verify_of_headers_imports_nothing_heavy() -> None:
    demo = ROOT / "release" / "demo" / "checkpoint"
    args = ("verify", str(demo), "--level", "headers", "--quiet", "--format", "json")
    assert not imported(*args) & (NEVER - {"yaml"}), "only a recipe is YAML"


def test_ctrl_c_while_it_is_imported_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = subprocess.run(
        [sys.executable, "-m", "release", "--help"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
