"""Values are judged even where nobody knows how the checkpoint is quantized, or all of it."""

import pytest

from release.facts import Level
from release.report import Report
from release.verify import Request, verify
from tests.checks.values.floats import bf16
from tests.conftest import Drafts
from tests.mutate import Draft

LAYER = "model.layers.1"
NAN = float("nan")


def judged(draft: Draft) -> Report:
    return verify(Request(draft.path, Level.BYTES, select=("V",)))


def found(report: Report) -> list[str]:
    return [f"{f.rule} {f.where.tensor}" for f in report.findings if f.severity != "info"]


@pytest.mark.parametrize("method", ["fp8", "modelopt", "awq", None, 7])
def test_another_method(method: object, draft: Drafts) -> None:
    broken = draft("llama-fp8-block")
    for tensor in [name for name in broken.tensors() if name.endswith(".weight_scale")]:
        broken.rename(tensor, f"{tensor}_inv")
    broken.config("quantization_config", {"quant_method": method})
    scale = f"{LAYER}.mlp.up_proj.weight_scale_inv"
    report = judged(broken)
    assert found(report) == []
    assert [entry for entry in report.not_checked if entry.required] == []
    broken.patch(scale, bf16(NAN), 0).patch(f"{LAYER}.mlp.down_proj.weight", b"\x7f", 9)
    assert sorted(found(judged(broken))) == [
        f"V101 {LAYER}.mlp.down_proj.weight",
        f"V102 {scale}",
    ]


def test_no_config(draft: Drafts) -> None:
    broken = draft("llama-nvfp4").remove("config.json")
    assert found(judged(broken)) == []
    broken.patch(f"{LAYER}.mlp.down_proj.weight_global_scale", bytes(4))
    assert found(judged(broken)) == [f"V107 {LAYER}.mlp.down_proj.weight_global_scale"]


def test_a_shard_is_missing(draft: Drafts) -> None:
    broken = draft("demo")
    shards = broken.tensors()
    norm = "model.language_model.norm.weight"
    broken.patch(norm, bf16(NAN), 4)
    broken.remove(next(file for file in broken.shards() if file != shards[norm]))
    assert found(judged(broken)) == [f"V101 {norm}"]
