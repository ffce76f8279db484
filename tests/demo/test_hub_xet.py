from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError

from release.demo.hub import HubServer
from release.demo.hub.shards import MAGIC, ROW, read_shard


def test_upload_in_process_and_xet_facts(api: HfApi, server: HubServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 500
    add = CommitOperationAdd("w.safetensors", content)
    api.create_commit("acme/m", [add], commit_message="weights")
    (found,) = api.get_paths_info("acme/m", "w.safetensors")
    assert found.xet_hash  # type: ignore[union-attr]
    path = api.hf_hub_download("acme/m", "w.safetensors", local_dir=tmp_path)
    assert Path(path).read_bytes() == content
    assert any("xet-read-token" in request.path for request in server.requests)


def test_a_folder_upload_is_one_commit(api: HfApi, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.safetensors").write_bytes(bytes([number]) * 1000)
    api.upload_folder(repo_id="acme/m", folder_path=tmp_path)
    assert len(api.list_repo_commits("acme/m")) == 2


def test_bytes_that_are_not_what_was_said_are_refused(api: HfApi) -> None:
    add = CommitOperationAdd("w.safetensors", b"\x00\x01 what was read" * 100)
    add.upload_info.sha256 = bytes(32)
    with pytest.raises(BadRequestError, match="has no object 0000"):
        api.create_commit("acme/m", [add], commit_message="weights")


@pytest.mark.parametrize("pattern", ["xet/xorbs/shards/*.mdb", "xet/xorbs/*.redb"])
def test_what_a_killed_client_left_half_written_counts_as_not_sent(
    pattern: str, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 500
    with HubServer(tmp_path) as server:
        api = HfApi(endpoint=server.endpoint, token=server.token)
        api.create_repo("acme/m")
        half, again = (CommitOperationAdd("w.safetensors", content) for _ in range(2))
        api.preupload_lfs_files("acme/m", [half])
        broken = list(tmp_path.glob(f"xet/lent/*/{pattern}"))
        for left in broken:
            left.write_bytes(left.read_bytes()[:100])
        assert broken
        with pytest.raises(BadRequestError, match="has no object"):
            api.create_commit("acme/m", [half], commit_message="weights")
        assert api.create_commit("acme/m", [again], commit_message="weights").oid
        assert server.failures == []


def test_a_broken_shard_is_an_error_of_its_own(tmp_path: Path) -> None:
    shard = tmp_path / "x.mdb"
    for content, message in [
        (b"something else", "not a shard"),
        (MAGIC.ljust(ROW, b"\0") + b"\1" * 20, "ends inside"),
        (MAGIC.ljust(ROW, b"\0") + b"\1" * 40 + b"\xff" * 8, "ends inside"),
    ]:
        shard.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            list(read_shard(shard))
