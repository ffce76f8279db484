"""What a Hub lists of a repository, true or not, as `release verify owner/name` takes it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.hub.conftest import REPO, Call
from tests.hub.detour import Detour


@pytest.mark.parametrize("oid", ["0" * 40, "sha256:1", None])
def test_a_hub_that_is_no_git_is_read_all_the_same(
    oid: str | None, remote: Call, detour: Detour
) -> None:
    detour.answers["tree"] = lambda entries: [entry | {"oid": oid} for entry in entries]
    done = remote("verify", REPO, "--level", "bytes", HF_ENDPOINT=detour.endpoint)
    assert done.returncode == 0, done.stderr


def entry(path: str, **more: object) -> dict[str, object]:
    return {"type": "file", "oid": "0" * 40, "size": 5, "path": path} | more


LIES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "no commit": ("info", lambda info: info | {"sha": "main"}, "the Hub names no commit"),
    "no object": ("info", lambda _info: [], "the Hub's answer has another form"),
    "no list": ("tree", lambda _entries: {"a": 1}, "the Hub's answer has another form"),
    "no path": ("tree", lambda entries: [*entries, {"type": "file"}], "another form"),
    "below nothing": ("tree", lambda _e: [entry("a", size=-1)], "lists a file without a size"),
    "no number": ("tree", lambda _e: [entry("a", size="5")], "lists a file without a size"),
    "no name": ("tree", lambda _e: [entry("a") | {"path": 5}], "a file whose name is no text"),
    "half a name": ("tree", lambda _e: [entry("\ud800")], "a file whose name is no text"),
    "nothing": ("tree", lambda _e: [], "holds neither config.json nor *.safetensors"),
    "shrunk": ("tree", lambda es: [e | {"size": 3} for e in es], "bytes at its address, 3 in the"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_hub_may_say_is_one_line(lie: str, remote: Call, detour: Detour) -> None:
    where, change, words = LIES[lie]
    detour.answers[where] = change
    done = remote("verify", REPO, HF_ENDPOINT=detour.endpoint)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_path_out_of_the_repository_is_never_asked_for(remote: Call, detour: Detour) -> None:
    names = ["../../../api/whoami-v2", "a//b", "./c", "x\n\x1b[31m"]
    detour.answers["tree"] = lambda entries: [*entries, *map(entry, names[:3])]
    done = remote("verify", REPO, "--format", "json", HF_ENDPOINT=detour.endpoint)
    found = json.loads(done.stdout)
    refused = {f["where"]["file"] for f in found["findings"] if f["rule"].startswith("F")}
    assert refused == set(names[:3])
    assert not [path for path, _ in detour.ranges if "whoami" in path]
    detour.answers["tree"] = lambda entries: [*entries, entry(names[3])]
    done = remote("verify", REPO, HF_ENDPOINT=detour.endpoint)
    assert "\x1b" not in done.stdout + done.stderr
