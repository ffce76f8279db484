"""Create, upload, commit, tag, list, download: the real client, in a process of its own."""

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from release.demo.hub import HubServer

CLIENT = """
import json, pathlib, sys
from huggingface_hub import CommitOperationAdd, HfApi
endpoint, token, source, target = sys.argv[1:]
api = HfApi(endpoint=endpoint, token=token)
api.create_repo("acme/m", private=True, exist_ok=True)
api.auth_check("acme/m", write=True)
head = api.list_repo_refs("acme/m").branches[0].target_commit
files = sorted(p for p in pathlib.Path(source).rglob("*") if p.is_file())
adds = [CommitOperationAdd(p.relative_to(source).as_posix(), str(p)) for p in files]
api.preupload_lfs_files("acme/m", adds)
made = api.create_commit("acme/m", adds, commit_message="release", parent_commit=head)
if made.oid != head:
    api.create_tag("acme/m", tag="v" + made.oid[:4], revision=made.oid)
tree = {
    f.path: f.lfs.sha256 if f.lfs else f.blob_id
    for f in api.list_repo_tree("acme/m", recursive=True, revision=made.oid)
    if hasattr(f, "blob_id")
}
api.snapshot_download("acme/m", revision=made.oid, local_dir=target)
print(json.dumps({"oid": made.oid, "tree": tree}))
"""

MODES = {
    "xet": ({}, "xet-write-token"),
    "lfs-basic": ({"HF_HUB_DISABLE_XET": "1"}, "/lfs/"),
    "lfs-multipart": ({"HF_HUB_DISABLE_XET": "1"}, "/complete"),
}


def checkpoint(folder: Path, size: int) -> Path:
    (folder / "extra").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "extra" / "empty.txt").write_bytes(b"")
    (folder / "model.safetensors").write_bytes(random.Random(7).randbytes(size))
    return folder


def run_client(
    server: HubServer, source: Path, target: Path, env: dict[str, str]
) -> dict[str, Any]:
    command = [sys.executable, "-c", CLIENT, server.endpoint, server.token]
    done = subprocess.run(
        [*command, str(source), str(target)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_downloaded_is_what_was_pushed(
    mode: str, server: HubServer, tmp_path: Path, client_env: dict[str, str]
) -> None:
    env, trace = MODES[mode]
    source = checkpoint(tmp_path / "source", 50_000 if mode == "lfs-basic" else 350_000)
    result = run_client(server, source, tmp_path / "target", client_env | env)

    pushed, found = contents(source), contents(tmp_path / "target")
    attributes = found.pop(".gitattributes")
    assert b"*.safetensors filter=lfs" in attributes
    assert found == pushed
    assert any(trace in request.path for request in server.requests)
    sha256 = hashlib.sha256(pushed["model.safetensors"]).hexdigest()
    assert result["tree"]["model.safetensors"] == sha256
    repo = server.store.get("acme/m")
    assert repo is not None
    assert set(repo.tags.values()) == {result["oid"]}


def test_xet_clients_come_one_after_another_and_share_contents(
    server: HubServer, tmp_path: Path, client_env: dict[str, str]
) -> None:
    source = checkpoint(tmp_path / "source", 350_000)
    first = run_client(server, source, tmp_path / "one", client_env)
    again = run_client(server, source, tmp_path / "two", client_env)
    assert again["oid"] == first["oid"], "an unchanged push makes no commit"

    weights = source / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"more")
    third = run_client(server, source, tmp_path / "three", client_env)
    assert third["oid"] != first["oid"]
    found = contents(tmp_path / "three")
    del found[".gitattributes"]
    assert found == contents(source)


def test_a_file_sent_by_xet_can_be_read_without_it(
    server: HubServer, tmp_path: Path, client_env: dict[str, str]
) -> None:
    source = checkpoint(tmp_path / "source", 350_000)
    run_client(server, source, tmp_path / "xet", client_env)
    without = client_env | {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "other")}
    run_client(server, source, tmp_path / "plain", without)
    assert contents(tmp_path / "plain") == contents(tmp_path / "xet")
