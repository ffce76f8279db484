"""A verified checkpoint with its card, a Hub, and the tool as a user runs it against that Hub."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from release.demo.hub import HubServer, Settings
from release.demo.hub.repo import Repo
from tests.conftest import DEMO, MANIFEST, ROOT
from tests.warm.tool import warm

REPO = "acme/tiny-NVFP4"
CARD = "README.md"
RECORD = "release-manifest.json"
SHARD = "model-00002-of-00003.safetensors"
EXTRA = {"notes.txt": "not for anybody else\n", "assets/logo.txt": "a logo\n"}
WRITES = {"POST", "PUT", "DELETE", "PATCH"}
HARMLESS = "/api/validate-yaml"  # answers a question and keeps nothing

Result = subprocess.CompletedProcess[str]
Push = Callable[..., Result]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the machine's own Hub settings; nothing found in its home either."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_XET_TELEMETRY_ENABLED": "0", "NO_COLOR": "1"}
    return kept | quiet | {"PYTHONPATH": str(ROOT), "HF_HOME": str(home / "hf"), **more}


@pytest.fixture(scope="session")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory after `release verify` and `release card`; copy it to use it."""
    work = tmp_path_factory.mktemp("verified")
    shutil.copytree(DEMO, work / "ckpt")
    for name, text in EXTRA.items():
        (work / "ckpt" / name).parent.mkdir(exist_ok=True)
        (work / "ckpt" / name).write_text(text)
    settings = 'checkpoint = "ckpt"\nextra-files = ["assets/logo.txt"]\n'
    (work / "release.toml").write_text(settings + MANIFEST)
    run_here(work, "verify")
    run_here(work, "card")
    return work


@pytest.fixture
def work(verified: Path, tmp_path: Path) -> Path:
    return shutil.copytree(verified, tmp_path / "work")


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer(settings=Settings(page_size=7, part_size=300_000)) as running:
        yield running
        assert running.failures == []


@pytest.fixture
def client_env(hub: HubServer, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, HF_ENDPOINT=hub.endpoint, HF_TOKEN=hub.token)


@pytest.fixture
def push(hub: HubServer, work: Path, client_env: dict[str, str]) -> Push:
    """Run `release push`; whatever becomes of it, no token is in what it says or writes."""

    def call(*args: str, **env: str) -> Result:
        done = subprocess.run(
            [*warm(), "push", *args],
            cwd=work,
            env={key: value for key, value in (client_env | env).items() if value},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        require_no_token(hub, work.parent, done.stdout + done.stderr)
        return done

    return call


def require_no_token(hub: HubServer, folder: Path, said: str) -> None:
    """No token is in what was said, nor in any file: reports, states, the client's caches, logs."""
    assert hub.hub.access.redact(said) == said
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(folder / "work" / "ckpt"):
            written = path.read_bytes().decode("latin-1")
            assert hub.hub.access.redact(written) == written, path


def edit_manifest(work: Path, old: str, new: str) -> None:
    path = work / "release.toml"
    path.write_text(path.read_text().replace(old, new))


def run_here(work: Path, *args: str) -> None:
    done = subprocess.run(
        [*warm(), *args], cwd=work, env=environment(work), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def render_again(work: Path) -> None:
    run_here(work, "card")


def repo_of(hub: HubServer) -> Repo:
    """What the server's store knows of the repository."""
    repo = hub.store.get(REPO)
    assert repo is not None
    return repo


def release_files(work: Path) -> dict[str, bytes]:
    """What a release of the folder is: everything in it but the notes."""
    root = work / "ckpt"
    found = (path for path in root.rglob("*") if path.is_file())
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
    del files["notes.txt"]
    return files


def published(hub: HubServer, revision: str = "main") -> dict[str, bytes]:
    """The bytes that the store holds at a revision, but the Hub's own .gitattributes.

    A record that is there names exactly what else a release wrote, with its hashes.
    """
    tree = repo_of(hub).find(revision).tree
    files = {path: hub.store.objects.read(blob.sha256) for path, blob in tree.items()}
    del files[".gitattributes"]
    if RECORD in files:
        for entry in json.loads(files.pop(RECORD))["files"]:
            content = files[entry["path"]]
            assert entry["size"] == len(content)
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    return files


def history(hub: HubServer, revision: str = "main") -> list[str]:
    """Titles of the commits, newest first."""
    repo = repo_of(hub)
    return [commit.title for commit in repo.history(repo.find(revision))]


def tags(hub: HubServer) -> dict[str, str]:
    return dict(repo_of(hub).tags)


def writes(hub: HubServer) -> list[str]:
    return [
        f"{request.method} {request.path}"
        for request in hub.requests
        if request.method in WRITES and request.path != HARMLESS
    ]
