"""`release demo --hub`: a folder to type the tutorial in."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, Run


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_TOKEN": "hf_of_the_caller"}
    arguments = [sys.executable, "-m", "release", "demo", "--hub", str(folder)]
    command = f". ./hub.env; {sys.executable} -m release doctor; echo $HF_TOKEN $HF_HOME"
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as hub:
        try:
            assert hub.stdout is not None
            assert "ckpt" in next(hub.stdout)
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            hub.send_signal(signal.SIGINT)
        assert hub.wait(timeout=30) == 0
    assert "token: of demo" in done.stdout
    assert "hf_of_the_caller" not in done.stdout
    assert str(folder / "hf") in done.stdout
    assert (folder / "ckpt" / "config.json").is_file()


def test_it_takes_no_folder_that_holds_something(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine").write_text("")
    done = run("demo", "--hub", str(tmp_path))
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "")
    assert "is not empty" in done.stderr


def test_the_tour_is_run_or_typed(tmp_path: Path, run: Run) -> None:
    done = run("demo", "--hub", str(tmp_path / "a"), "--keep", str(tmp_path / "b"))
    assert done.returncode == 2
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
