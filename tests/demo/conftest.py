import os
from collections.abc import Callable, Iterator
from pathlib import Path

# Read by the client when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_XET_TELEMETRY_ENABLED", "0")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from release.demo.hub import HubServer, Settings

REPO = "acme/m"
Push = Callable[..., str]


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer(settings=Settings(page_size=3, part_size=100_000)) as running:
        yield running
        assert running.failures == []


@pytest.fixture
def api(server: HubServer) -> HfApi:
    """The real client, with a repository to work on."""
    client = HfApi(endpoint=server.endpoint, token=server.token)
    client.create_repo(REPO)
    return client


@pytest.fixture
def push(api: HfApi) -> Push:
    """Commit small regular files: `push({"a.txt": b"…"}, parent_commit=…)` returns the oid."""

    def commit(
        files: dict[str, bytes],
        message: str = "change",
        parent_commit: str | None = None,
        revision: str = "main",
    ) -> str:
        added = [CommitOperationAdd(path, content) for path, content in files.items()]
        made = api.create_commit(
            REPO, added, commit_message=message, parent_commit=parent_commit, revision=revision
        )
        return str(made.oid)

    return commit


@pytest.fixture
def client_env(tmp_path: Path) -> dict[str, str]:
    """The environment of a client in a process of its own."""
    hermetic = {"PATH": os.environ["PATH"], "HF_HOME": str(tmp_path / "hf")}
    kept = ("HF_HUB_DISABLE_TELEMETRY", "HF_XET_TELEMETRY_ENABLED", "HF_HUB_DISABLE_PROGRESS_BARS")
    return hermetic | {name: os.environ[name] for name in kept}
