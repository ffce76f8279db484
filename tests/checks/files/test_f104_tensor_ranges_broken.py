from typing import Any

from tests.conftest import Judge
from tests.mutate import Draft

SHARD = "model-00003-of-00003.safetensors"


def second(header: dict[str, Any]) -> dict[str, Any]:
    spans = {name: entry["data_offsets"] for name, entry in header.items() if name[0] != "_"}
    name = sorted(spans, key=lambda key: tuple(spans[key]))[1]
    entry: dict[str, Any] = header[name]
    return entry


def shift(entry: dict[str, Any], by: int) -> None:
    entry["data_offsets"] = [position + by for position in entry["data_offsets"]]


def test_fires_when_two_tensors_overlap(mixed: Draft, findings: Judge) -> None:
    broken = mixed.header(SHARD, lambda header: shift(second(header), -2))
    assert len(findings("F104", broken)) == 1


def test_fires_when_bytes_belong_to_no_tensor(mixed: Draft, findings: Judge) -> None:
    broken = mixed.header(SHARD, lambda header: header.pop("lm_head.weight"))
    assert len(findings("F104", broken)) == 1


def test_fires_when_a_tensor_ends_before_it_starts(mixed: Draft, findings: Judge) -> None:
    broken = mixed.header(SHARD, lambda header: second(header)["data_offsets"].reverse())
    assert len(findings("F104", broken)) == 1


def test_fires_when_an_end_is_beyond_any_file(mixed: Draft, findings: Judge) -> None:
    span = [1 << 62, 1 << 63]
    broken = mixed.header(SHARD, lambda header: second(header).update(data_offsets=span))
    assert len(findings("F104", broken)) == 1


def test_silent_when_the_header_is_not_in_the_order_of_the_data(
    mixed: Draft, findings: Judge
) -> None:
    def swap(header: dict[str, Any]) -> None:
        header["lm_head.weight"] = header.pop("lm_head.weight")

    assert findings("F104", mixed.header(SHARD, swap)) == []


def test_silent_when_empty_tensors_share_a_place(mixed: Draft, findings: Judge) -> None:
    kept = mixed.add("none", "F32", [0], beside="lm_head.weight")
    kept = kept.add("nil", "F32", [0, 4], beside="lm_head.weight")
    assert findings("F104", kept) == []
