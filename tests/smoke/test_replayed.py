"""`release smoke` as a user runs it, over recorded runs: what it says, and that it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKPOINTS, MANIFEST, ROOT, Run
from tests.smoke.processes import marked, wait_for
from tests.smoke.recorded import RECORDINGS

GOLDEN = ROOT / "tests" / "golden" / "logs"
CHECKPOINT = CHECKPOINTS / "llama-fp8-dynamic"
RECORDING = str(RECORDINGS / "llama-fp8-dynamic.json")
RANDOM = '[smoke]\nkind = "random"\n'


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A program that replays what vLLM did."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\n{(ROOT / 'tests' / 'smoke' / 'replay.py').read_text()}"
    )
    program.chmod(0o755)
    return program


def manifest(folder: Path, text: str) -> None:
    (folder / "work" / "release.toml").write_text(f"{MANIFEST}\n{text}")


def test_a_good_run_passes(run: Run, python: Path, tmp_path: Path) -> None:
    manifest(tmp_path, RANDOM)
    done = run("smoke", CHECKPOINT, "--python", python, REPLAY=RECORDING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("0.24.0-h100-kv-too-small", "kv-too-small: ValueError: To serve at least one request"),
        ("0.24.0-h100-out-of-memory", "out-of-memory: torch.OutOfMemoryError: CUDA out of memory"),
        ("0.24.0-h100-no-memory-left", "no-memory-for-cache: ValueError: No available memory"),
        ("0.20.2-cpu-llama-fp8-no-kernel", "no-kernel: ValueError: Failed to find a kernel"),
    ],
)
def test_a_log_that_it_dies_with_is_one_finding(
    run: Run, python: Path, tmp_path: Path, log: str, said: str
) -> None:
    manifest(tmp_path, RANDOM)
    options = ("--python", python, "--format", "json")
    done = run("smoke", CHECKPOINT, *options, REPLAY=str(GOLDEN / f"{log}.log"))
    assert done.returncode == 1
    found = json.loads(done.stdout)["findings"]
    # The logs are of larger checkpoints, so that fit predicts other figures.
    (finding,) = [each for each in found if each["rule"] != "S110"]
    assert finding["rule"] == "S101"
    assert finding["message"].startswith(said)


@pytest.mark.parametrize(("policy", "code"), [("", 0), ("[policy]\nstrict = true\n", 1)])
def test_strict_is_the_manifest_s_too(
    run: Run, python: Path, tmp_path: Path, policy: str, code: int
) -> None:
    manifest(tmp_path, f"{policy}{RANDOM}")
    # 128 tokens are a block of the recorded start: 127 is no figure of fit's, a warning.
    changes = json.dumps({str(CHECKPOINT): {"cache": {"block_size": 127}}})
    done = run("smoke", CHECKPOINT, "--python", python, REPLAY=RECORDING, REPLAY_CHANGES=changes)
    assert "warning[S110]" in done.stdout
    assert done.returncode == code


@pytest.mark.parametrize(("nats", "code"), [(-212.0, 0), (-230.0, 1)])
def test_a_base_is_measured_beside_it(
    run: Run, python: Path, tmp_path: Path, nats: float, code: int
) -> None:
    manifest(tmp_path, RANDOM)
    base = tmp_path / "base"
    shutil.copytree(CHECKPOINTS / "llama-w4a16", base)
    changes = {str(base): {"likelihoods": [{"nats": -200.0, "tokens": 100}]}}
    changes[str(CHECKPOINT)] = {"likelihoods": [{"nats": nats, "tokens": 100}]}
    options = ("--python", python, "--base", base, "--format", "json")
    more = {"REPLAY": RECORDING, "REPLAY_CHANGES": json.dumps(changes)}
    done = run("smoke", CHECKPOINT, *options, **more)
    report = json.loads(done.stdout)
    # A hundred tokens at two nats each, and at 2.12 or 2.3.
    assert report["facts"]["smoke"]["base_perplexity"] == 7.3891
    assert [each["rule"] for each in report["findings"]] == ["S109"]
    assert done.returncode == code
    assert "perplexity" not in str(report["not_checked"])


def test_the_time_limit_ends_all_of_it(run: Run, python: Path, tmp_path: Path) -> None:
    manifest(tmp_path, RANDOM)
    mark = str(tmp_path)
    options = ("--python", python, "--timeout", 1)
    done = run("smoke", CHECKPOINT, *options, REPLAY="none", REPLAY_HANGS="1", MARK=mark)
    assert done.returncode == 1
    assert "timeout: it was ended after" in done.stdout
    assert marked(tmp_path) == []


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_its_own_end_leaves_nothing(python: Path, tmp_path: Path, blow: signal.Signals) -> None:
    command = [sys.executable, "-m", "release", "smoke", CHECKPOINT, "--python", python]
    extra = {"REPLAY": "none", "REPLAY_HANGS": "1", "MARK": str(tmp_path), "PYTHONPATH": str(ROOT)}
    home = tmp_path / "home"
    home.mkdir()
    owner = subprocess.Popen(
        [str(word) for word in command],
        cwd=home,
        env={**os.environ, **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # Ours, the guard, what it started and the child of that.
    assert wait_for(lambda: len(marked(tmp_path)) == 4)
    owner.send_signal(blow)
    said = owner.communicate()[0]
    assert "Traceback" not in said
    assert wait_for(lambda: marked(tmp_path) == [])
    assert owner.returncode != 0
