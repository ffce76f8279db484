from tests.conftest import Judge
from tests.mutate import Draft

SHARD = "model-00003-of-00003.safetensors"


def test_fires_when_a_shape_is_edited(mixed: Draft, findings: Judge) -> None:
    broken = mixed.header(SHARD, lambda header: header["lm_head.weight"]["shape"].append(2))
    assert findings("F103", broken) == [f"error {SHARD}: lm_head.weight"]


def test_fires_when_the_dtype_is_edited(mixed: Draft, findings: Judge) -> None:
    broken = mixed.header(SHARD, lambda header: header["lm_head.weight"].update(dtype="F32"))
    assert findings("F103", broken) == [f"error {SHARD}: lm_head.weight"]


def test_fires_when_the_count_overflows(mixed: Draft, findings: Judge) -> None:
    shape = [1 << 63, 4, 0]
    broken = mixed.header(SHARD, lambda header: header["lm_head.weight"].update(shape=shape))
    assert findings("F103", broken) == [f"error {SHARD}: lm_head.weight"]


def test_fires_when_half_a_byte_is_left(mixed: Draft, findings: Judge) -> None:
    odd = {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}
    broken = mixed.header(SHARD, lambda header: header.update({"lm_head.weight": odd}))
    assert findings("F103", broken) == [f"error {SHARD}: lm_head.weight"]


def test_silent_when_the_same_bytes_have_another_dtype(mixed: Draft, findings: Judge) -> None:
    kept = mixed.header(SHARD, lambda header: header["lm_head.weight"].update(dtype="F16"))
    assert findings("F103", kept) == []


def test_silent_for_scalars_and_empty_tensors(mixed: Draft, findings: Judge) -> None:
    kept = mixed.add("scalar", "F32", [], beside="lm_head.weight")
    kept = kept.add("nothing", "F32", [0, 1 << 63, 4], beside="lm_head.weight")
    assert findings("F103", kept) == []
