"""Checkpoints of other methods: nothing is claimed of them, and what was not checked is said."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import Drafts
from tests.mutate import Draft, Entry, pack_shard, read_shard

ONE = b"\0\0\x80\x3f"
Entries = Iterator[tuple[str, Entry]]


def deepseek(name: str, out: int, columns: int) -> Entries:
    """FP8 in blocks, as DeepSeek and Qwen release it."""
    blocks = [-(-out // 128), -(-columns // 128)]
    codes = bytes(byte % 0x7E for byte in os.urandom(out * columns))
    yield f"{name}.weight", ("F8_E4M3", [out, columns], codes)
    yield f"{name}.weight_scale_inv", ("F32", blocks, ONE * blocks[0] * blocks[1])


def modelopt(name: str, out: int, columns: int) -> Entries:
    """NVFP4 of ModelOpt: the global scale multiplies."""
    groups = [out, columns // 16]
    yield f"{name}.weight", ("U8", [out, columns // 2], os.urandom(out * columns // 2))
    yield f"{name}.weight_scale", ("F8_E4M3", groups, b"\x38" * groups[0] * groups[1])
    yield f"{name}.weight_scale_2", ("F32", [], ONE)


def awq(name: str, out: int, columns: int) -> Entries:
    """Words along the columns."""
    yield f"{name}.qweight", ("I32", [columns, out // 8], os.urandom(columns * out // 2))
    yield f"{name}.scales", ("F16", [1, out], b"\0\x3c" * out)


def bitsandbytes(name: str, out: int, columns: int) -> Entries:
    """NF4 in one long column, with a state of its own."""
    half = out * columns // 2
    yield f"{name}.weight", ("U8", [half, 1], os.urandom(half))
    yield f"{name}.weight.quant_state.bitsandbytes__nf4", ("U8", [4], b"{}  ")


def rewritten(draft: Draft, write: Callable[[str, int, int], Entries]) -> Draft:
    """Store every projection in another way."""
    entries: dict[str, Entry] = {}
    for tensor, entry in read_shard(draft.path / "model.safetensors").items():
        name, _, role = tensor.rpartition(".")
        linear = name.endswith("_proj") and role == "weight"
        entries.update(write(name, *entry[1]) if linear else [(tensor, entry)])
    return draft.write("model.safetensors", pack_shard(entries))


@pytest.mark.parametrize(
    ("write", "declared"),
    [
        (deepseek, {"quant_method": "fp8", "weight_block_size": [128, 128]}),
        (modelopt, {"quant_method": "modelopt", "quant_algo": "NVFP4"}),
        (awq, {"quant_method": "awq", "bits": 4, "group_size": 128}),
        (bitsandbytes, {"quant_method": "bitsandbytes", "load_in_4bit": True}),
        (modelopt, None),
    ],
)
def test_nothing_is_claimed(write: Any, declared: Any, base: Drafts) -> None:
    made = rewritten(base("llama"), write)
    if declared:
        made.config("quantization_config", declared)
    else:
        made.write("hf_quant_config.json", '{"quantization": {"quant_algo": "NVFP4"}}')
    report = verify(Request(made.path, Level.BYTES))
    assert [finding for finding in report.findings if finding.severity != "info"] == []
    reasons = {entry.reason for entry in report.not_checked if entry.required}
    assert len(reasons) == 1
    assert (declared["quant_method"] if declared else "hf_quant_config.json") in reasons.pop()
    assert report.exit_code(strict=True) == 3


def test_a_checkpoint_in_plain_floats_is_judged_as_one(base: Drafts) -> None:
    report = verify(Request(base("llama").path, Level.BYTES))
    assert [entry for entry in report.not_checked if entry.required] == []
    assert report.exit_code(strict=True) == 0
