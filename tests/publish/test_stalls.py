"""Servers that keep a connection and say nothing: one line in time, and a rerun ends it."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.demo.hub import HubServer
from release.hub.pulse import LONGEST_LEAVE, Pulse, StalledError, watched
from tests.publish.test_faults import LFS, during, is_one_release
from tests.publish.world import Push, history, repo_of

TOKEN = "/xet-write-token/"  # noqa: S105 - a path
PUT = "/lfs/[0-9a-f]{64}$"
LIMIT = ("--yes", "--tag", "v1", "--timeout", "1.5")


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections, and never reads from them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def access(**more: object) -> bytes:
    """What the Hub says of its xet store; None leaves a part out."""
    said = {"accessToken": "x" * 8, "exp": int(time.time()) + 3600, "casUrl": "http://[::1]:9"}
    return json.dumps({key: value for key, value in (said | more).items() if value}).encode()


STORES: dict[str, dict[str, Any]] = {
    "never answers": {},
    "no address": {"casUrl": None},
    "no time": {"exp": "soon"},
}


@pytest.mark.parametrize("kind", STORES)
def test_a_store_of_no_use_is_left(
    kind: str, silent: str, hub: HubServer, work: Path, push: Push
) -> None:
    content = access(**{"casUrl": silent} | STORES[kind])
    hub.faults.add(path=TOKEN, content=content, times=None)
    done = push(*LIMIT)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: acme/tiny-NVFP4: ")
    assert line.endswith("(nothing was published; the same command goes on from there)")
    if kind == "never answers":
        assert "nothing has moved for 1.5 s while model-00001-of-00003.safetensors and 2" in line
    assert history(hub) == ["initial commit"]
    assert repo_of(hub).visibility == "private"
    hub.faults.clear()
    assert push("--yes", "--tag", "v1").returncode == 0
    is_one_release(hub, work, before=1)


@pytest.mark.parametrize(
    ("path", "env"), [(TOKEN, {}), (PUT, LFS), ("/batch$", LFS), ("/preupload/", {})]
)
def test_an_upload_without_an_answer_is_left(
    path: str, env: dict[str, str], hub: HubServer, work: Path, push: Push
) -> None:
    fault = hub.faults.add(path=path, delay=60, times=None)
    done = push(*LIMIT, **env)
    assert fault.hits
    assert done.returncode == 2
    assert "nothing was published; the same command goes on from there" in done.stderr
    assert history(hub) == ["initial commit"]
    hub.faults.clear()
    assert push("--yes", "--tag", "v1", **env).returncode == 0
    is_one_release(hub, work, before=1)


ENDED: dict[str, tuple[signal.Signals, int, str, dict[str, str]]] = {
    "interrupted": (signal.SIGINT, 130, TOKEN, {}),
    "terminated": (signal.SIGTERM, 143, PUT, LFS),
    "hung up": (signal.SIGHUP, 129, "/preupload/", {}),
}


@pytest.mark.parametrize("word", ENDED)
def test_a_signal_ends_an_upload_at_once(
    word: str, hub: HubServer, work: Path, client_env: dict[str, str], push: Push
) -> None:
    number, code, path, env = ENDED[word]
    fault = hub.faults.add(path=path, delay=600)
    done = during(fault, work, client_env | env, lambda child: child.send_signal(number))
    assert done.returncode == code, done.stderr
    said = [line for line in done.stderr.splitlines() if line]
    assert said == ["nothing was published; the same command goes on from there", f"error: {word}"]
    assert history(hub) == ["initial commit"]
    assert push("--yes", "--tag", "v1", **env).returncode == 0
    is_one_release(hub, work, before=1)


def test_a_wait_that_the_hub_asks_for_is_no_silence_and_has_an_end() -> None:
    pulse = Pulse()
    for _ in range(9):
        pulse.give_leave(40.0)
    assert -LONGEST_LEAVE <= pulse.silence() < 1 - LONGEST_LEAVE
    pulse.beat()
    assert 0 <= pulse.silence() < LONGEST_LEAVE


def test_silence_is_told_before_it_is_the_end(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StalledError, match="nothing has moved"):
        watched(lambda left: left.wait(9), limit=0.3, wonder=0.1)
    assert caplog.messages == ["nothing has moved for 0 s; it is given up after 0 s"]


def test_what_is_sent_again_is_no_advance() -> None:
    pulse = Pulse()
    pulse.reach("a", 5)
    advanced = pulse.advanced
    pulse.reach("a", 5)
    assert pulse.advanced == advanced
    pulse.reach("a", 6)
    assert pulse.advanced > advanced
