from tests.conftest import Judge
from tests.mutate import Draft, pack_shard


def padded(entries: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    raw = pack_shard(entries)
    length = int.from_bytes(raw[:8], "little")
    pad = b" " * (-length % 8)
    header, data = raw[8 : 8 + length] + pad, raw[8 + length :]
    return len(header).to_bytes(8, "little") + header + data


BYTE, FLOAT = ("U8", [1], b"\0"), ("F32", [1], bytes(4))
SHARD = "model-00003-of-00003.safetensors"


def test_fires_when_a_single_byte_comes_first(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(SHARD, padded({"a": BYTE, "b": FLOAT}))
    assert findings("F125", broken) == [f"info {SHARD}: b"]


def test_silent_when_a_single_byte_comes_last(mixed: Draft, findings: Judge) -> None:
    assert findings("F125", mixed.write(SHARD, padded({"b": FLOAT, "a": BYTE}))) == []
