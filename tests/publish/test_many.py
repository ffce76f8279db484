"""As many files as a large model has: one commit still, over both ways of uploading."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from release.demo.hub import HubServer
from release.publish.apply import prepare, publish
from release.publish.files import Release, StoredFile, hold
from release.publish.hub import Hub
from release.publish.plan import Wish
from tests.publish.world import REPO, history, repo_of

COUNT = 300


@pytest.fixture
def release(tmp_path: Path) -> Release:
    files = []
    for number in range(COUNT):
        place = tmp_path / f"model-{number + 1:05}-of-{COUNT:05}.safetensors"
        content = number.to_bytes(4, "little") * 50
        place.write_bytes(content)
        state = place.stat()
        digest = hashlib.sha256(content).hexdigest()
        stamp = (state.st_ino, state.st_mtime_ns)
        files.append(StoredFile(place.name, len(content), digest, place, stamp))
    card = hold("README.md", b"---\nlicense: mit\n---\n# Many\n")
    return Release("sha256:0", "Many.", (*files, card, hold("config.json", b"{}")), ())


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    set_client_factory(default_client_factory)


@pytest.mark.filterwarnings("ignore:Use 'content")  # the client's own way of sending
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("plain", [False, True], ids=["xet", "plain"])
def test_302_files_are_one_commit(
    plain: bool, hub: HubServer, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", plain)
    client = Hub(REPO, endpoint=hub.endpoint)
    plan = prepare(release, client, Wish(REPO))
    assert len(plan.files) == COUNT + 2
    done = publish(plan, release, client, lambda _: None)
    assert history(hub) == [plan.message, "initial commit"]
    assert len(repo_of(hub).find(done.commit).tree) == COUNT + 3
    assert sum("/commit/" in request.path for request in hub.requests) == 1
