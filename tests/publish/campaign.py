"""Every request of a push x every fault: the Hub is right after it, and a rerun completes.

    python -m tests.publish.campaign WORK SHARE

WORK is a directory after `release verify` and `release card`; one of SHARE runs is made. Writes one
JSON line for each run.
Each run has a Hub of its own on 127.0.0.1 and the real client; only the fault comes from us.
"""

import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from release.checkpoint import open_checkpoint
from release.demo.hub import HubServer
from release.demo.hub.repo import Message, Repo
from release.demo.hub.tree import Blob, Edit, Put, large, regular
from release.errors import ReleaseError
from release.hub.client import Patience
from release.manifest import load_manifest
from release.publish.apply import Published, prepare, publish
from release.publish.files import HeldFile, Release
from release.publish.gate import pass_gate
from release.publish.hub import Hub
from release.publish.plan import Wish
from release.report import load_report

REPO = "acme/tiny-NVFP4"
TAG = "v1"
QUICK = (0.02, 0.05, 0.1, 0.2)
PATIENT = Patience(answer=30.0, waits=QUICK)
HURRIED = Patience(answer=2.0, waits=(0.1, 0.4, 0.8, 0.8))
LATE = 3.0  # seconds: the request is carried out after a hurried client has given it up

PROCESSES, FEW = 12, 8
MEMORY = "/dev/shm"  # noqa: S108 - a disk takes a third of the time
FASTEST = MEMORY if os.access(MEMORY, os.W_OK) else None

KINDS: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "500, done": {"status": 500, "when": "after"},
    "dropped": {"drop": True},
    "dropped, done": {"drop": True, "when": "after"},
    "hangs, done late": {"delay": LATE},
    "cut short": {"truncate": True},
    "HTML": {"content": b"<html>please wait</html>"},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "401 expired": {"status": 401},
    "412, done": {"status": 412, "when": "after"},
    "507 full": {"status": 507},
    "stale": {"stale": True},
}
WISHES = {
    "new": Wish(REPO, tag=TAG),
    "update": Wish(REPO, tag=TAG),
    "pull request": Wish(REPO, pull_request=True),
    "new branch": Wish(REPO, branch="next", tag=TAG),
}
SCENARIOS = tuple(WISHES)
OWN_TO_BRANCH = re.compile(r"/(?:branch/|commit/|refs$)")  # elsewhere it is as an update is
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


class Position(NamedTuple):
    """The `skip`-th request of a kind in a push: what the fault is for."""

    method: str
    path: str
    skip: int

    @property
    def name(self) -> str:
        """The request as a person would call it."""
        words = self.path.removeprefix(f"/api/models/{REPO}").replace(f"/{REPO}", "")
        words = re.sub(r"[0-9a-f]{64}", "OBJECT", _COMMIT.sub("COMMIT", words)) or "/"
        return f"{self.method} {words}" + (f" ({self.skip + 1})" if self.skip else "")


class World:
    """One Hub, what it held before, and the release to push."""

    def __init__(self, server: HubServer, scenario: str, release: Release) -> None:
        self.server, self.scenario, self.release = server, scenario, release
        self.wish = WISHES[scenario]
        self.before: dict[str, str] = {}
        self.commits = 1
        if scenario != "new":
            self._fill()

    def push(self, patience: Patience) -> Published:
        """Plan and publish in this process."""
        os.environ["HF_TOKEN"] = self.server.token
        hub = Hub(REPO, patience, self.server.endpoint)
        plan = prepare(self.release, hub, self.wish)
        return publish(plan, self.release, hub, lambda _: None)

    def require_sound(self) -> None:
        """Whatever happened: all of the old state or all of the new, and nothing shown early."""
        repo = self.server.store.get(REPO)
        assert not self.server.failures, self.server.failures
        if repo is None:
            assert self.scenario == "new"
            return
        branch = self.wish.branch
        new = branch in repo.branches and self._is_release(repo, branch)
        for name in repo.branches:
            expected = new and name == branch
            assert expected or tree(repo, name) == self.before, f"{name} is neither old nor new"
            assert count(repo, name) == self.commits + expected
        assert repo.tags in ({}, {TAG: repo.branches[branch]} if new else {})
        assert self.scenario != "new" or repo.visibility == "private" or (new and repo.tags)
        shown = [each for each in repo.discussions.values() if each.status == "open"]
        assert len(shown) <= 1
        assert all(self._is_release(repo, each.ref) for each in shown)

    def require_complete(self) -> None:
        """Exactly one release: one commit more, tagged and public, or one pull request."""
        self.require_sound()
        repo = self.server.store.get(REPO)
        assert repo is not None
        if self.scenario == "pull request":
            assert tree(repo, "main") == self.before
            assert sorted(
                each.status for each in repo.discussions.values() if each.status != "closed"
            ) == ["open"]
            return
        assert self._is_release(repo, self.wish.branch)
        assert repo.tags == {TAG: repo.branches[self.wish.branch]}
        assert repo.visibility == "public"

    def _is_release(self, repo: Repo, ref: str) -> bool:
        wanted = {file.path: file.sha256 for file in self.release.files}
        return tree(repo, ref) == wanted

    def _fill(self) -> None:
        """An older release of ours, with a file that the new one lacks and one that it keeps."""
        repo = self.server.store.create(REPO, "demo", "public")
        assert repo is not None
        files = {"old.json": b"{}", "model.safetensors": b"old weights", "config.json": b"{}"}
        edits: list[Edit] = [Put(path, self._blob(path, data)) for path, data in files.items()]
        kept = next(file for file in self.release.files if file.path == "tokenizer.json")
        assert isinstance(kept, HeldFile)
        edits.append(Put(kept.path, self._blob(kept.path, kept.content)))
        listed = [{"path": path, "size": 0, "sha256": ""} for path in files]
        record = {"schema": 1, "tool": {"name": "release", "version": "0"}, "digest": ""}
        record |= {"levels": {}, "summary": {}, "files": listed}
        content = json.dumps(record).encode()
        edits.append(Put("release-manifest.json", self._blob("x.json", content)))
        repo.commit("main", edits, Message("Release of old", "", "demo"))
        self.before, self.commits = tree(repo, "main"), 2

    def _blob(self, path: str, content: bytes) -> Blob:
        sha256 = self.server.store.objects.add(content)
        if path.endswith(".safetensors"):
            return large(sha256, len(content), None)
        return regular(content, sha256)


def tree(repo: Repo, ref: str) -> dict[str, str]:
    """The sha256 of each file at a ref, without the Hub's own."""
    held = repo.find(ref).tree
    return {path: blob.sha256 for path, blob in held.items() if path != ".gitattributes"}


def count(repo: Repo, ref: str) -> int:
    """The commits of a ref."""
    return sum(1 for _ in repo.history(repo.find(ref)))


@contextmanager
def world(scenario: str, release: Release) -> Iterator[World]:
    """A fresh Hub, and a fresh working directory for what a push leaves for the next."""
    with (
        tempfile.TemporaryDirectory(dir=FASTEST) as folder,
        HubServer(Path(folder) / "hub") as server,
    ):
        os.chdir(folder)
        Path(".release").mkdir()
        yield World(server, scenario, release)
        os.chdir("/")


def positions(scenario: str, release: Release) -> list[Position]:
    """Every request of a push that nothing disturbs; of uploads of many objects the first."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    with world(scenario, release) as clean:
        clean.push(PATIENT)
        clean.require_complete()
        for request in clean.server.requests:
            path = _COMMIT.sub("0" * 40, request.path)
            if scenario == "new branch" and not OWN_TO_BRANCH.search(path):
                continue
            kind = re.sub(r"[0-9a-f]{64}", "0" * 64, path)
            if "/lfs/" in path and seen[request.method, kind]:
                continue
            found.append(Position(request.method, path, seen[request.method, kind]))
            seen[request.method, kind] += 1
    return found


def run(scenario: str, position: Position, kind: str, release: Release) -> dict[str, Any]:
    """Push with one fault, look at the Hub, push again without it, look again."""
    fault = KINDS[kind]
    if fault.get("stale") and position.method != "GET":
        return {}
    pattern = re.escape(position.path).replace("0" * 40, "[0-9a-f]{40}")
    with world(scenario, release) as scene:
        ordered = scene.server.faults.add(
            method=position.method, path=f"^{pattern}$", skip=position.skip, **fault
        )
        said = attempt(lambda: scene.push(HURRIED if "delay" in fault else PATIENT))
        scene.require_sound()
        if "delay" in fault:
            time.sleep(LATE / 2)  # what was given up is carried out by then
            scene.require_sound()
        scene.server.faults.clear()
        if said:
            scene.push(PATIENT)
        scene.require_complete()
        return {
            "scenario": scenario,
            "request": position.name,
            "kind": kind,
            "hit": bool(ordered.hits),
            "said": said,
        }


def attempt(push: Callable[[], object]) -> str:
    """Give the one line of a push that failed, empty for one that did not."""
    try:
        push()
    except ReleaseError as error:
        return str(error)
    return ""


def run_all(
    work: Path, env: dict[str, str], *, share: int = 1, python: str = sys.executable
) -> list[dict[str, Any]]:
    """Do one of `share` runs in a Python with its environment. Raises where it broke off."""
    command = [python, "-m", "tests.publish.campaign", str(work), str(share)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_one(release: Release, case: tuple[str, Position, str]) -> dict[str, Any]:
    """Do a run; one that breaks off is a result too: the next run is another one."""
    scenario, position, kind = case
    try:
        return run(scenario, position, kind, release)
    except Exception as error:  # noqa: BLE001
        place = {"scenario": scenario, "request": position.name, "kind": kind}
        return {**place, "failed": f"{type(error).__name__}: {error}"}


def main(work: Path, share: int) -> None:
    """Do every `share`-th run, in processes that mostly wait and that pay no import."""
    os.chdir(work)
    manifest = load_manifest(work / "release.toml")
    report = load_report(work / ".release" / "report.json")
    release = pass_gate(report, manifest, open_checkpoint(work / "ckpt"))
    processes = PROCESSES if share == 1 else FEW
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        found = pool.map(partial(positions, release=release), SCENARIOS)
        asked = zip(SCENARIOS, found, strict=True)
        runs = [(name, each, kind) for name, places in asked for each in places for kind in KINDS]
        for result in pool.map(partial(run_one, release), runs[::share]):
            if result:
                sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
