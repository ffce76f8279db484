from tests.conftest import Judge
from tests.mutate import Draft

SHARD = "model-00002-of-00003.safetensors"


def test_fires_when_a_shard_is_truncated(mixed: Draft, findings: Judge) -> None:
    assert findings("F105", mixed.truncate(SHARD, 1)) == [f"error {SHARD}"]


def test_fires_when_bytes_follow_the_last_tensor(mixed: Draft, findings: Judge) -> None:
    longer = mixed.write(SHARD, (mixed.path / SHARD).read_bytes() + b"\0")
    assert findings("F105", longer) == [f"error {SHARD}"]


def test_silent_when_a_shard_holds_no_tensor(mixed: Draft, findings: Judge) -> None:
    assert findings("F105", mixed.write("empty.safetensors", b"\x02" + bytes(7) + b"{}")) == []
