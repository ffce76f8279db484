from pathlib import Path

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

SHARD = "model.safetensors"


def shard(draft: Draft) -> bytes:
    return Path(draft.path / SHARD).read_bytes()


def test_fires_when_the_length_is_beyond_the_format(draft: Drafts, findings: Judge) -> None:
    good = draft("llama-nvfp4")
    broken = good.write(SHARD, (100_000_001).to_bytes(8, "little") + shard(good)[8:])
    assert findings("F101", broken) == [f"error {SHARD}"]


def test_fires_when_the_length_is_beyond_the_file(draft: Drafts, findings: Judge) -> None:
    good = draft("llama-nvfp4")
    raw = shard(good)
    broken = good.write(SHARD, (len(raw) - 7).to_bytes(8, "little") + raw[8:])
    assert findings("F101", broken) == [f"error {SHARD}"]


def test_fires_when_there_is_no_room_for_two_braces(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").write(SHARD, (1).to_bytes(8, "little") + b"{")
    assert findings("F101", broken) == [f"error {SHARD}"]


def test_silent_when_the_length_is_no_multiple_of_eight(draft: Drafts, findings: Judge) -> None:
    good = draft("llama-nvfp4")
    raw = shard(good)
    length = int.from_bytes(raw[:8], "little")
    padded = (length + 3).to_bytes(8, "little") + raw[8 : 8 + length] + b"   " + raw[8 + length :]
    assert findings("F101", good.write(SHARD, padded)) == []


def test_silent_when_the_file_is_a_pointer(draft: Drafts, findings: Judge) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
    assert findings("F101", draft("llama-nvfp4").write(SHARD, pointer)) == []
