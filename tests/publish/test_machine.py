"""The machine that pushes: full disks, homes that cannot be written to, and another machine."""

import json
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from release.demo.hub import HubServer
from tests.publish.test_faults import LFS
from tests.publish.world import REPO, Push, published, release_files, repo_of
from tests.warm.tool import COLD

PUSH = [*COLD, "push", "--yes", "--tag", "v1"]


def fill_disk() -> None:
    """Let this process write no byte to any file: as on a full disk, but for the reason's name."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk_stops_a_push_before_it_makes_anything(
    hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    done = subprocess.run(
        PUSH, cwd=work, env=client_env, preexec_fn=fill_disk, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"release/begun.json: cannot be written: File too large" in done.stderr
    assert hub.store.get(REPO) is None
    assert push("--yes").returncode == 0
    assert repo_of(hub).visibility == "public"


def test_a_result_that_cannot_be_written_is_said_to_be_published(
    hub: HubServer, work: Path, push: Push
) -> None:
    done = push("--yes", "--format", "json", "--output", "ckpt/config.json/done.json")
    assert done.returncode == 2
    assert f"the release is published: {hub.endpoint}/{REPO}" in done.stderr
    assert published(hub) == release_files(work)


@pytest.mark.parametrize("home", ["/proc/self/nowhere", ""])
def test_a_home_that_cannot_be_written_to_is_none_needed(
    home: str, hub: HubServer, work: Path, push: Push
) -> None:
    done = push("--yes", "--format", "json", HF_HOME=home, HOME=home or "/proc/self/nowhere")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"]
    assert published(hub) == release_files(work)


def test_a_push_that_was_cut_off_goes_on_from_another_machine(
    hub: HubServer, work: Path, push: Push
) -> None:
    hub.faults.add(path="/commit/", status=403)
    assert push("--yes", **LFS).returncode == 2
    (work.parent / "hf" / "release" / "begun.json").unlink()
    shutil.rmtree(work.parent / "hf", ignore_errors=True)
    sent = sum(request.method == "PUT" for request in hub.requests)
    done = push("--yes", **LFS)
    assert done.returncode == 0, done.stderr
    assert "the repository is private and stays so; --public changes that" in done.stdout
    assert published(hub) == release_files(work)
    assert repo_of(hub).visibility == "private"
    assert sum(request.method == "PUT" for request in hub.requests) == sent
