import subprocess
import sys

from tests.conftest import ROOT


def test_docs_say_what_the_rules_say() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, "run `make docs`, commit what it wrote; never merge by hand"
