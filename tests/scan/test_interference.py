"""A disk that fails and files that change midway: one line about the right file, exit 2 or 3."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BASES, CHECKPOINTS, Run

SHARD = "model.safetensors"
SOURCE = Path(__file__).with_name("interfere.c")
CHANGED = ("was written to while it was verified", 2)
CASES = {
    "fail": ("cannot be read: Input/output error", 3),
    "truncate": CHANGED,
    "write": CHANGED,
    "unlink": ("has gone since the checkpoint was opened", 2),
}

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands between the tool and the kernel's read."""
    made = tmp_path_factory.mktemp("interfere") / "interfere.so"
    command = ["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(made), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return made


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint and its base, in files of their own."""
    ours, base = tmp_path / "ours", tmp_path / "origin"
    shutil.copytree(CHECKPOINTS / "llama-nvfp4", ours)
    shutil.copytree(BASES / "llama", base)
    return ours, base


def interfering(library: Path, what: str, watch: Path, target: Path) -> dict[str, str]:
    """Do something to one file when the last third of another is read."""
    start = watch.stat().st_size * 2 // 3
    environment = {"DO": what, "WATCH": watch, "FROM": start, "TARGET": target}
    return {"LD_PRELOAD": str(library)} | {key: str(value) for key, value in environment.items()}


def said(output: subprocess.CompletedProcess[str]) -> str:
    """What is on both channels, without the folding of lines."""
    return " ".join((output.stderr + output.stdout).split())


@pytest.mark.parametrize("what", CASES)
@pytest.mark.parametrize("jobs", ["1", "4"])
def test_while_every_byte_is_read(
    what: str, jobs: str, library: Path, pair: tuple[Path, Path], run: Run
) -> None:
    shard = pair[0] / SHARD
    output = run("verify", pair[0], "-j", jobs, **interfering(library, what, shard, shard))
    line, code = CASES[what]
    assert output.returncode == code, output
    assert said(output).count(f"{SHARD}: {line}") == 1
    assert "Traceback" not in output.stderr


@pytest.mark.parametrize("what", CASES)
@pytest.mark.parametrize("whose", ["base", "ours"])
def test_while_it_is_held_against_the_base(
    what: str, whose: str, library: Path, pair: tuple[Path, Path], run: Run
) -> None:
    ours, base = (folder / SHARD for folder in pair)
    target = base if whose == "base" else ours
    watch = ours if (what, whose) == ("fail", "ours") else base
    level = "headers" if watch is ours else "bytes"  # so that it is not the scan that fails
    environment = interfering(library, what, watch, target)
    output = run("verify", pair[0], "--base", pair[1], "--level", level, **environment)
    line, code = CASES[what]
    assert output.returncode == code, output
    name = f"base: {SHARD}" if whose == "base" else SHARD
    assert said(output).count(f"{name}: {line}") == 1
    assert "Traceback" not in output.stderr
