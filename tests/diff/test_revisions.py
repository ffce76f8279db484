"""`release diff` between revisions on the Hub, and between one and a folder."""

import json
import shutil
from pathlib import Path

from huggingface_hub import HfApi

from release.demo.hub import HubServer
from tests.conftest import DEMO, Drafts
from tests.hub.conftest import Call, hub, publish, remote, stocked

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
