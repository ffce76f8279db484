import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

# Read by the client when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from release.demo.hub import HubServer, Settings
from tests.conftest import CHECKPOINTS, DEMO, ROOT, check_report
from tests.hub.detour import Detour
from tests.warm.tool import warm

REPO = "acme/tiny"
Result = subprocess.CompletedProcess[str]
Call = Callable[..., Result]


def publish(hub: HubServer, folder: Path, repo: str = REPO) -> str:
    """Put a folder's files on the Hub as they are; give the commit."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(repo, exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    added = [CommitOperationAdd(str(path.relative_to(folder)), str(path)) for path in files]
    return str(api.create_commit(repo, added, commit_message="files").oid)


@pytest.fixture(scope="session")
def stocked() -> Iterator[HubServer]:
    """A Hub that holds the demo's checkpoint and one of packed integers. Nobody writes to it."""
    with HubServer(settings=Settings(page_size=7)) as running:
        publish(running, DEMO)
        publish(running, CHECKPOINTS / "llama-w4a16", "acme/packed")
        yield running
        assert running.failures == []


@pytest.fixture
def hub(stocked: HubServer) -> Iterator[HubServer]:
    yield stocked
    stocked.faults.clear()


@pytest.fixture
def detour(hub: HubServer) -> Iterator[Detour]:
    """The same Hub, whose files are on a host of other habits."""
    with Detour(hub.endpoint) as running:
        yield running


@pytest.fixture
def remote(hub: HubServer, tmp_path: Path) -> Call:
    """Run the tool against the Hub; whatever it says or writes, no token is in it."""

    def call(*args: str, **env: str) -> Result:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        own = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HOME": str(tmp_path / "hf")}
        own |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        done = subprocess.run(
            [*warm(), *args],
            cwd=tmp_path,
            env={key: value for key, value in (kept | own | env).items() if value},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        said += "".join(path.read_text() for path in tmp_path.glob(".release/*"))
        assert hub.hub.access.redact(said) == said
        assert "Traceback" not in said
        assert "internal error" not in said
        if args[0] == "verify" and (tmp_path / ".release" / "report.json").is_file():
            check_report(tmp_path / ".release" / "report.json")
        return done

    return call
