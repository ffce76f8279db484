"""`release diff` between revisions on the Hub, and between one and a folder."""

import json
import re
import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from release.demo.hub import HubServer
from tests.conftest import DEMO, Drafts
from tests.hub.conftest import Call, hub, publish, remote, stocked
from tests.hub.test_reading import FAULTS

__all__ = ["hub", "remote", "stocked"]

NORM = "model.language_model.layers.3.self_attn.q_norm.weight"
MOVED = "acme/moved"


def test_a_folder_and_what_was_published_of_it(remote: Call) -> None:
    done = remote("diff", str(DEMO), "acme/tiny")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("no difference\n")


def test_two_revisions_are_told_apart_by_headers_and_the_hubs_hashes(
    hub: HubServer, remote: Call, draft: Drafts, tmp_path: Path
) -> None:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    first = publish(hub, DEMO, MOVED)
    api.create_tag(MOVED, tag="v1", revision=first)
    changed = draft("demo")
    values = changed.bytes_of(NORM)
    shard = changed.tensors()[NORM]
    changed.patch(NORM, bytes([values[0] ^ 1]) + values[1:])
    shutil.copytree(changed.path, tmp_path / "copy")
    second = publish(hub, tmp_path / "copy", MOVED)

    before = len(hub.requests)
    done = remote("diff", f"{MOVED}@v1", MOVED, "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["old"]["commit"], found["new"]["commit"]) == (first, second)
    assert [change["path"] for change in found["files"]] == [shard]
    assert found["tensors"] == []
    assert len(found["not_compared"]) == 1  # the tensors of that shard
    asked = [r.path for r in hub.requests[before:] if r.path.endswith(".safetensors")]
    assert len(asked) == 2 * len(changed.shards())

    found = json.loads(
        remote("diff", f"{MOVED}@v1", MOVED, "--level", "bytes", "--format", "json").stdout
    )
    assert [change["name"] for change in found["tensors"]] == [NORM]
    assert found["not_compared"] == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_request_may_fail_once_and_none_for_good(
    fault: str, hub: HubServer, remote: Call
) -> None:
    args = ("diff", "acme/tiny", "acme/packed", "--format", "json")
    before = len(hub.requests)
    clean = remote(*args)
    assert clean.returncode == 1
    paths = sorted({request.path for request in hub.requests[before:]})
    assert any(path.endswith(".safetensors") for path in paths)
    once = [hub.faults.add(path=f"^{re.escape(path)}$", **FAULTS[fault]) for path in paths]
    done = remote(*args)
    assert all(each.hits for each in once)
    assert (done.returncode, done.stdout) == (1, clean.stdout), done.stderr
    hub.faults.clear()
    hub.faults.add(path=f"^{re.escape(paths[-1])}$", times=None, **FAULTS[fault])
    done = remote(*args)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: acme/")
