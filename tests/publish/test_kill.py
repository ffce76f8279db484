"""kill -9 at moments nobody chose: the Hub is sound, a rerun completes and sends little again."""

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from release.demo.hub import HubServer
from tests.publish.world import (
    REPO,
    history,
    published,
    release_files,
    repo_of,
    require_no_token,
    tags,
)
from tests.warm.tool import COLD

ARGS = [*COLD, "push", "--yes", "--tag", "v1"]
KILLS = 3
SLOWED = 0.02  # seconds that each request takes
MOST = 20  # requests after which a push is killed at the latest; a whole one makes more
PUT = re.compile(r"/lfs/([0-9a-f]{64})(?:/[0-9]+)?")


def kill_after(
    hub: HubServer, work: Path, env: dict[str, str], requests: int, seconds: float
) -> bool:
    """Push, and kill it so long after so many requests; whether it was still running."""
    wanted = len(hub.requests) + requests
    gone = subprocess.DEVNULL
    with subprocess.Popen(ARGS, cwd=work, env=env, stdout=gone, stderr=gone) as running:
        while len(hub.requests) < wanted and running.poll() is None:
            time.sleep(0.001)
        time.sleep(seconds)
        running.kill()
        return running.wait() != 0


def require_sound(hub: HubServer, work: Path) -> None:
    """Nothing, or an empty private repository, or all of it; public only when it is tagged."""
    repo = hub.store.get(REPO)
    if repo is None:
        return
    whole = published(hub) == release_files(work)
    assert whole or published(hub) == {}
    assert len(history(hub)) == 1 + whole
    assert tags(hub) in ({}, {"v1": repo.branches["main"]} if whole else {})
    assert repo.visibility == "private" or tags(hub)


def require_sent_once(hub: HubServer) -> None:
    """What the Hub had whole was never sent again."""
    whole: set[str] = set()
    for request in hub.requests:
        match = PUT.fullmatch(request.path)
        if match and request.method == "PUT":
            assert match[1] not in whole
        if request.status == 200 and request.path.startswith("/lfs/"):
            basic = request.method == "PUT" and request.path.count("/") == 2
            if basic or request.path.endswith("/complete"):
                whole.add(request.path.split("/")[2])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_random_moments_it_ends_as_one_release(
    seed: int, hub: HubServer, work: Path, client_env: dict[str, str]
) -> None:
    chance = random.Random(seed)
    plain = seed % 3 != 0
    env = client_env | ({"HF_HUB_DISABLE_XET": "1"} if plain else {})
    hub.faults.add(path=".", delay=SLOWED, times=None)
    killed = 0
    for _ in range(KILLS):
        requests, seconds = chance.randint(1, MOST), chance.uniform(0, 2 * SLOWED)
        killed += kill_after(hub, work, env, requests, seconds)
        require_sound(hub, work)
    done = subprocess.run(ARGS, cwd=work, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert killed
    require_sound(hub, work)
    assert published(hub) == release_files(work)
    assert repo_of(hub).visibility == "public"
    assert list(tags(hub)) == ["v1"]
    require_no_token(hub, work.parent, done.stdout + done.stderr)
    if plain:
        require_sent_once(hub)
    left = Path(env["HF_HOME"], "release", "begun.json")
    assert not left.exists(), "nothing is left to be finished"
