"""Servers and lines with other manners than the test Hub's: one release each, by the first push."""

import os
import shutil
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path

import pytest
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import default_client_factory

from release.checkpoint import open_checkpoint
from release.demo.hub import HubServer
from release.errors import ReleaseError
from release.hub.client import Patience
from release.hub.refusals import one_line
from release.manifest import load_manifest
from release.publish.apply import prepare, publish
from release.publish.files import Release
from release.publish.gate import pass_gate
from release.publish.hub import Hub
from release.report import load_report
from tests.publish.campaign import SCENARIOS, World
from tests.publish.odd import LINES, MANNERS, proxy
from tests.publish.world import REPO, repo_of

PATIENCE = Patience(answer=20.0, waits=(0.05, 0.1, 0.3, 0.5))


@pytest.fixture(scope="session")
def release(verified: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    work = shutil.copytree(verified, tmp_path_factory.mktemp("odd") / "work")
    report = load_report(work / ".release" / "report.json")
    manifest = load_manifest(work / "release.toml")
    here = Path.cwd()
    os.chdir(work)
    try:
        return pass_gate(report, manifest, open_checkpoint(work / "ckpt"))
    finally:
        os.chdir(here)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A working directory of its own, and the client as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    set_client_factory(default_client_factory)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("ignores a file", r"README\.md: the Hub ignores it"),
        ("commits nothing", r"it made commit ffffffffffff, which is not on .*may have been made"),
    ],
)
def test_nothing_half_is_left_and_the_reason_said(
    manner: str,
    said: str,
    scenario: str,
    hub: HubServer,
    release: Release,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = World(hub, scenario, release)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with proxy(hub.endpoint, manner) as address:
        client = Hub(REPO, PATIENCE, address)
        plan = prepare(release, client, scene.wish)
        with pytest.raises(ReleaseError, match=said):
            publish(plan, release, client, lambda _: None)
    scene.require_sound()


@pytest.mark.usefixtures("quiet")
def test_who_may_see_it_is_not_guessed(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.store.create(REPO, "demo", "private")
    with (
        proxy(hub.endpoint, "says nothing of who sees it") as address,
        pytest.raises(ReleaseError, match="does not say who may see it"),
    ):
        Hub(REPO, PATIENCE, address).visibility()


@pytest.mark.usefixtures("quiet")
def test_what_is_written_is_not_asked_for_instead(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    said = r"sends what is written elsewhere, to https://huggingface\.co \(is HF_ENDPOINT"
    with (
        proxy(hub.endpoint, "moves what is written") as address,
        pytest.raises(ReleaseError, match=said),
    ):
        Hub(REPO, PATIENCE, address).check_card(b"")


@pytest.mark.usefixtures("quiet")
def test_no_token_follows_a_list_to_another_host(
    hub: HubServer, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = World(hub, "update", release)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with proxy(hub.endpoint, "pages elsewhere") as address:
        client = Hub(REPO, PATIENCE, address)
        publish(prepare(release, client, scene.wish), release, client, lambda _: None)
    scene.require_complete()


@pytest.mark.usefixtures("quiet")
def test_a_list_that_goes_on_at_another_host_without_the_token_is_said_to(
    hub: HubServer, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(hub, "update", release).push(PATIENCE)
    repo_of(hub).visibility = "private"
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with proxy(hub.endpoint, "pages elsewhere") as address:
        client = Hub(REPO, PATIENCE, address)
        said = "the host that the Hub names answered 401.*localhost is another host, and gets no"
        with pytest.raises(ReleaseError, match=said), one_line(REPO):
            client.tree("main")


@pytest.mark.usefixtures("quiet")
# Each manner meets one scenario: that every fault meets every one is the campaign's work.
@pytest.mark.parametrize(
    ("manner", "scenario"), [*zip(MANNERS, cycle(SCENARIOS)), *product(LINES, ["new"])]
)
def test_it_ends_as_one_release(
    manner: str, scenario: str, hub: HubServer, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = World(hub, scenario, release)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with proxy(hub.endpoint, manner) as address:
        client = Hub(REPO, PATIENCE, address)
        plan = prepare(release, client, scene.wish)
        done = publish(plan, release, client, lambda _: None)
    assert done.made
    scene.require_complete()


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("drips", "not complete after 1 s"),
        ("drips no JSON", "not complete after 1 s"),
        ("drips headers", "no whole answer after 2 s"),
        ("leads to itself", "has no end"),
        ("a bomb", "an answer of the Hub has more than 64 MiB"),
        ("a bomb in a bomb", "compressed as nobody asked for"),
        ("an encoding that nobody asked for", "compressed as nobody asked for"),
    ],
)
def test_an_answer_that_never_ends_is_left(
    manner: str, said: str, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.store.create(REPO, "demo", "public")
    with proxy(hub.endpoint, manner) as address:
        client = Hub(REPO, Patience(connect=0.4, answer=1.0, waits=()), address)
        with pytest.raises(ReleaseError, match=said), one_line(REPO):
            client.head("refs/heads/main")
