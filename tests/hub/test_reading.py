"""`release verify owner/name`: by ranges, from hosts of all habits, and what it says when not."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import httpx

from release.demo.hub import HubServer
from release.demo.hub.repo import Repo
from release.hub.download import steady
from tests.conftest import DEMO
from tests.hub.conftest import REPO, Call
from tests.hub.detour import Detour

SHARDS = sorted(path.name for path in DEMO.glob("*.safetensors"))
HEADERS = sum(8 + int.from_bytes((DEMO / name).read_bytes()[:8], "little") for name in SHARDS)
SIDE = sum(p.stat().st_size for p in DEMO.iterdir() if p.suffix != ".safetensors")


def repo_of(hub: HubServer) -> Repo:
    repo = hub.store.get(REPO)
    assert repo is not None
    return repo


def test_headers_are_all_that_is_read_in_one_request_a_shard(
    hub: HubServer, remote: Call, tmp_path: Path
) -> None:
    before = len(hub.requests)
    done = remote("verify", REPO)
    assert done.returncode == 0, done.stderr
    asked = [r for r in hub.requests[before:] if "/resolve/" in r.path]
    assert sum(r.path.endswith(".safetensors") for r in asked) == len(SHARDS)
    assert {r.status for r in asked} <= {200, 206}
    report = json.loads((tmp_path / ".release" / "report.json").read_text())
    origin = report["checkpoint"]["origin"]
    assert origin["requests"] == len(asked)
    # Headers are guessed from the index, a little too long; side files are read whole.
    assert HEADERS + SIDE < origin["bytes_read"] < HEADERS * 1.6 + SIDE + 2_000
    assert origin["commit"] == repo_of(hub).branches["main"]
    assert f"commit {origin['commit']}" in done.stdout
    text = remote("verify", REPO, "--format", "markdown").stdout
    assert text.startswith(f"## `{REPO}@{origin['commit'][:12]}` passed")
    assert report["levels"]["bytes"] == "not run"
    assert report["checkpoint"]["digest"] is None
    assert set(origin["claimed"]) >= set(SHARDS)


def test_what_is_said_is_what_the_folder_would_say(remote: Call, tmp_path: Path) -> None:
    for level in ("headers", "bytes"):
        for place in (REPO, str(DEMO)):
            assert remote("verify", place, "--level", level).returncode == 0
            report = json.loads((tmp_path / ".release" / "report.json").read_text())
            if place == REPO:
                there = report
        for key in ("levels", "summary", "findings", "facts", "checked"):
            assert there[key] == report[key]
        ours = {file["path"]: file["sha256"] for file in report["checkpoint"]["files"]}
        theirs = {file["path"]: file["sha256"] for file in there["checkpoint"]["files"]}
        assert theirs.keys() - ours.keys() == {".gitattributes"}
        assert theirs == ours | {".gitattributes": theirs[".gitattributes"]}


def test_bytes_are_streamed_once(remote: Call, tmp_path: Path) -> None:
    done = remote("verify", REPO, "--level", "bytes")
    assert done.returncode == 0, done.stderr
    origin = json.loads((tmp_path / ".release" / "report.json").read_text())["checkpoint"]["origin"]
    total = sum(path.stat().st_size for path in DEMO.iterdir())
    assert total < origin["bytes_read"] < total + 2_000


def test_packed_integers_ask_for_no_more_than_each_byte(remote: Call, tmp_path: Path) -> None:
    done = remote("verify", "acme/packed", "--level", "bytes")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / ".release" / "report.json").read_text())
    total = sum(file["size"] for file in report["checkpoint"]["files"])
    assert report["checkpoint"]["origin"]["bytes_read"] == total


def test_a_branch_is_resolved_once_and_a_tag_and_a_commit_work(
    hub: HubServer, remote: Call
) -> None:
    commit = repo_of(hub).branches["main"]
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_tag(REPO, tag="v1", revision=commit, exist_ok=True)
    for place in (f"{REPO}@v1", f"{REPO}@{commit}", f"hf://{REPO}@main", f"{hub.endpoint}/{REPO}"):
        done = remote("verify", place)
        assert done.returncode == 0, done.stderr
        assert f"commit {commit}" in done.stdout


REFUSED = {
    "acme/nothing": "is not there, or this token may not see it",
    f"{REPO}@v9": "there is no such branch, tag or commit",
}


@pytest.mark.parametrize("place", REFUSED)
def test_what_is_not_there_is_one_line(place: str, remote: Call) -> None:
    done = remote("verify", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {place}: {REFUSED[place]}")
    assert len(done.stderr.splitlines()) == 1


def test_a_path_is_never_a_name_on_the_hub(hub: HubServer, remote: Call) -> None:
    before = len(hub.requests)
    done = remote("verify", f"./{REPO}")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert hub.requests[before:] == []


def test_a_folder_of_that_name_is_read_instead(
    hub: HubServer, remote: Call, tmp_path: Path
) -> None:
    before = len(hub.requests)
    (tmp_path / REPO).mkdir(parents=True)
    (tmp_path / REPO / "config.json").write_text((DEMO / "config.json").read_text())
    assert "tiny" in remote("verify", REPO, "--level", "headers").stdout
    assert hub.requests[before:] == []


def test_gated_private_and_offline(hub: HubServer, remote: Call) -> None:
    repo = repo_of(hub)
    stranger = hub.add_token("read", "stranger")
    try:
        repo.gated = "manual"
        done = remote("verify", REPO, HF_TOKEN=stranger)
        assert done.returncode == 2
        assert "is gated, and this token has no access to it" in done.stderr
        repo.gated, repo.visibility = False, "private"
        done = remote("verify", REPO, HF_TOKEN=stranger)
        assert "is not there, or this token may not see it" in done.stderr
        done = remote("verify", REPO, HF_TOKEN="")
        assert "there is no token: set HF_TOKEN, or run `hf auth login`" in done.stderr
    finally:
        repo.gated, repo.visibility = False, "public"
    assert remote("verify", REPO, HF_TOKEN="").returncode == 0
    done = remote("verify", REPO, HF_HUB_OFFLINE="1")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "work offline" in done.stderr


PROXIES = {
    "HTTP_PROXY": (
        "http://user:swordfish@127.0.0.1:9",
        "by way of the proxy http://127.0.0.1:9: see",
    ),
    "ALL_PROXY": ("socks5://127.0.0.1:9", "cannot use a SOCKS proxy (install httpx[socks]"),
}


@pytest.mark.parametrize("setting", PROXIES)
def test_a_proxy_of_no_use_is_named(setting: str, remote: Call) -> None:
    value, words = PROXIES[setting]
    done = remote("verify", REPO, NO_PROXY="", no_proxy="", **{setting: value})
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert words in done.stderr
    assert "swordfish" not in done.stderr


def test_files_on_another_host_come_without_the_token(remote: Call, detour: Detour) -> None:
    done = remote("verify", REPO, "--level", "bytes", HF_ENDPOINT=detour.endpoint)
    assert done.returncode == 0, done.stderr
    assert detour.headers
    assert not [h for h in detour.headers if "authorization" in map(str.lower, h)]


PATIENT = {  # habit: how often it is shown, after how many requests; the client comes through
    "ignore": (-1, 0),
    "capped": (-1, 0),
    "short": (3, 0),
    "busy": (2, 0),
    "expired": (1, 1),  # an address elsewhere that was kept from the first request
    "gzip": (-1, 0),
}


@pytest.mark.parametrize("habit", PATIENT)
def test_habits_that_do_no_harm(habit: str, remote: Call, detour: Detour, tmp_path: Path) -> None:
    times, after = PATIENT[habit]
    detour.bend(habit, only=SHARDS[0], times=times, after=after)
    done = remote("verify", REPO, "--level", "bytes", HF_ENDPOINT=detour.endpoint)
    assert done.returncode == 0, done.stderr
    assert detour.times <= 0, "the habit was not shown"
    files = json.loads((tmp_path / ".release" / "report.json").read_text())["checkpoint"]["files"]
    assert {file["sha256"] for file in files if file["path"] == SHARDS[0]} == {
        hashlib.sha256((DEMO / SHARDS[0]).read_bytes()).hexdigest()
    }


def test_a_host_that_trickles_is_left_with_what_it_sent() -> None:
    def trickle() -> Iterator[bytes]:
        for number in range(99):
            yield bytes([number])
            time.sleep(0.02)

    pieces: list[bytes] = []
    with pytest.raises(httpx.ReadTimeout, match="bytes came in 0 s"):
        pieces.extend(steady(trickle(), 0.1))
    came = b"".join(pieces)
    assert came == bytes(range(len(came)))
    assert 0 < len(came) < 20
    assert b"".join(steady([b"ab", b"c"], 0.1)) == b"abc"


FAULTS: dict[str, dict[str, Any]] = {
    "error": {"status": 500},
    "limit": {"status": 429, "headers": {"Retry-After": "0"}},
    "dropped": {"drop": True},
    "dropped after": {"drop": True, "when": "after"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_request_may_fail_once(fault: str, hub: HubServer, remote: Call) -> None:
    before = len(hub.requests)
    clean = remote("verify", REPO, "--level", "bytes", "--format", "markdown")
    paths = {request.path for request in hub.requests[before:]}
    ordered = [hub.faults.add(path=f"^{re.escape(path)}$", **FAULTS[fault]) for path in paths]
    done = remote("verify", REPO, "--level", "bytes", "--format", "markdown")
    assert all(fault.hits for fault in ordered)
    assert (done.returncode, done.stdout) == (0, clean.stdout), done.stderr


FATAL = {
    "elsewhere": "answers a range with another one",
    "longer": "is 123,456,789 bytes at its address",
    "empty": "the connection to the Hub broke: the answer held none of the bytes asked for",
    "expired": "the host that the Hub names answered 403",
    "busy": "the host that the Hub names answered 503",
    "loop": "cannot be followed",
}


@pytest.mark.parametrize("habit", FATAL)
def test_habits_that_do(habit: str, remote: Call, detour: Detour) -> None:
    detour.bend(habit, only=SHARDS[0])
    done = remote("verify", REPO, HF_ENDPOINT=detour.endpoint)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(rf"error: {REPO}: {SHARDS[0]}: ", done.stderr), done.stderr
    assert FATAL[habit] in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("file", [SHARDS[1], "recipe.yaml"])
def test_other_bytes_than_listed_make_no_report(
    file: str, remote: Call, detour: Detour, tmp_path: Path
) -> None:
    detour.bend("flip", only=file)
    done = remote("verify", REPO, "--level", "bytes", HF_ENDPOINT=detour.endpoint)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(rf"error: {file}: .*the Hub lists", done.stderr), done.stderr
    assert not (tmp_path / ".release").exists()
