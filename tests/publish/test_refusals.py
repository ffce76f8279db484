"""What is refused for good: one line that says where that leaves us, never a token."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from release.demo.hub import HubServer
from release.errors import ReleaseError
from release.hub.client import Patience
from release.hub.refusals import hide_token
from release.publish.hub import Hub
from release.publish.look import look
from release.publish.plan import Wish
from tests.publish.test_faults import make
from tests.publish.world import REPO, Push, history, repo_of, writes

PREUPLOAD, COMMIT = "/preupload/", "/commit/"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no space": ({"path": COMMIT, "status": 507}, "the Hub answered 507"),
    "forbidden": ({"path": COMMIT, "status": 403}, "the token may not do this"),
    "expired": ({"path": PREUPLOAD, "status": 401}, "the Hub does not accept the token"),
    "no text": ({"path": PREUPLOAD, "content": b'"\xff"', "times": None}, "does not understand"),
    "a thousand lists": ({"path": "/refs", "content": b"[" * 99_999}, "does not understand"),
    "no list": ({"path": "/tree/", "content": b"{}"}, "the Hub's answer has another form"),
    "xet refused": ({"path": "/xet-write-token/", "status": 403, "times": None}, "the upload"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_definite_refusal_is_one_line_and_leaves_nothing(
    kind: str, hub: HubServer, push: Push
) -> None:
    fault, words = REFUSED[kind]
    hub.faults.add(**fault)
    done = push("--yes", "--tag", "v1")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert words in done.stderr
    assert "nothing was published" in done.stderr
    assert history(hub) == ["initial commit"]


def test_tokens_that_will_not_do(hub: HubServer, push: Push) -> None:
    cases = {
        "": "there is no token for the Hub (set HF_TOKEN, or run `hf auth login`)",
        "hf_" + "x" * 34: "the Hub does not accept the token",
        hub.add_token("read"): "the token may only read",
        hub.add_token("write", "stranger"): "the token's owner 'stranger' is not 'acme'",
    }
    for token, words in cases.items():
        done = push("--yes", HF_TOKEN=token)
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert writes(hub) == []

    HfApi(endpoint=hub.endpoint, token=hub.token).create_repo(REPO)
    count = len(writes(hub))
    done = push("--yes", HF_TOKEN=hub.add_token("write", "stranger"))
    assert "You do not have write access to acme/tiny-NVFP4" in done.stderr
    repo_of(hub).visibility = "private"
    done = push("--yes", HF_TOKEN=hub.add_token("write", "stranger"))
    assert "does the repository exist" in done.stderr
    assert writes(hub)[count:] == []


def test_a_card_that_the_hub_refuses_is_refused_before_anything_is_sent(
    hub: HubServer, push: Push
) -> None:
    verdict = {"errors": [{"message": '"license" must be one of'}], "warnings": []}
    content = json.dumps(verdict).encode()
    hub.faults.add(path="/validate-yaml", status=400, content=content)
    done = push("--yes")
    assert done.returncode == 2
    assert done.stderr.startswith('error: README.md: the Hub refuses its header: "license" must')
    assert writes(hub) == []


Patient = Callable[[Patience], Hub]


@pytest.fixture
def patient(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    """A client in this process, with a patience that the other tests do not inherit."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    yield lambda patience: Hub(REPO, patience, hub.endpoint)
    set_client_factory(default_client_factory)


def test_a_hub_that_never_answers_is_given_up(hub: HubServer, patient: Patient) -> None:
    hub.faults.add(path=".", delay=2, times=None)
    start = time.monotonic()
    client = patient(Patience(answer=0.1, waits=(0.0,)))
    with pytest.raises(ReleaseError, match="did not answer in time"):
        look(client, Wish(REPO))
    assert time.monotonic() - start < 2  # before the answer


def test_a_list_of_nothing_is_asked_for_again(hub: HubServer, patient: Patient) -> None:
    hub.store.create(REPO, "demo", "public")
    hub.faults.add(path="/tree/", content=b"[]")
    assert list(patient(Patience()).tree("main")) == [".gitattributes"]


def test_a_list_without_its_rest_is_not_planned_with(hub: HubServer, patient: Patient) -> None:
    make(hub, {"a.txt": b"a", "b.txt": b"b"})
    client = patient(Patience(waits=(0.0,)))
    named = [
        {"path": path, "size": 1, "oid": "0", "type": "file"}
        for path in (".gitattributes", "a.txt")
    ]
    cut = json.dumps(named).encode()
    hub.faults.add(path="/tree/", content=cut, times=None)
    with pytest.raises(ReleaseError, match=r"lacks b\.txt, which the Hub names"):
        look(client, Wish(REPO))
    hub.faults.clear()
    hub.faults.add(path="/tree/", content=cut)
    assert set(look(client, Wish(REPO)).files) == {".gitattributes", "a.txt", "b.txt"}


def test_a_hub_that_is_not_there_is_named(hub: HubServer, patient: Patient) -> None:
    client = patient(Patience(waits=(0.0,)))
    hub.close()
    with pytest.raises(ReleaseError, match="the connection to the Hub broke"):
        look(client, Wish(REPO))


def test_no_token_is_said_whatever_the_hub_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "of-an-odd-shape")
    said = "of-an-odd-shape\n\x1b[1m hf_" + "a1" * 17 + " Bearer 0123456789 end"
    assert hide_token(said) == "[token] \N{REPLACEMENT CHARACTER}[1m [token] [token] end"


def test_a_token_that_cannot_be_sent_is_not_shown_in_a_traceback(
    work: Path, client_env: dict[str, str]
) -> None:
    args = [sys.executable, "-m", "release", "--traceback", "push", "--dry-run"]
    env = client_env | {"HF_TOKEN": "hf_abcdefgh\x01ijklmnop"}
    done = subprocess.run(args, cwd=work, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "[token]" in done.stderr
    assert "abcdefgh" not in done.stderr
    assert "ijklmnop" not in done.stderr


def test_a_long_wait_is_announced(hub: HubServer, push: Push) -> None:
    hub.faults.add(path="/refs$", status=429, headers={"Retry-After": "5"})
    done = push("--yes")
    assert done.returncode == 0
    assert "waiting 5 s, as the Hub asked" in done.stderr


def test_hf_settings_of_the_machine_do_not_matter_here(client_env: dict[str, str]) -> None:
    assert {key for key in client_env if key.startswith("HF_")} == {
        *("HF_ENDPOINT", "HF_HOME", "HF_HUB_DISABLE_TELEMETRY", "HF_TOKEN"),
        "HF_XET_TELEMETRY_ENABLED",
    }
    assert os.environ.get("HF_TOKEN") != client_env["HF_TOKEN"]
