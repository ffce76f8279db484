"""Whatever two checkpoints hold, comparing them ends in words and never in a traceback."""

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules.catalogue import select_rules
from release.rules.runner import run_rules
from tests.conftest import Drafts
from tests.mutate import Draft

GATE = "model.layers.0.mlp.gate_proj"
NORM = "model.layers.0.input_layernorm.weight"


def judge(ours: Draft, base: Draft) -> list[str]:
    rules = [rule.load() for rule in select_rules(("B",), ())]
    given = {"checkpoint": open_checkpoint(ours.path), "base": open_checkpoint(base.path)}
    facts = Facts(given, Level.BASE)
    verdicts = run_rules(rules, facts)
    facts.get("distance")
    return [f"{f.rule} {f.where}" for f in verdicts.findings]


@pytest.mark.parametrize("dtype", ["F32", "F16", "F64", "I64", "BOOL", "F8_E4M3", "C64", "U8"])
@pytest.mark.parametrize("shape", [[256, 128], [0, 128], [256, 0], [], [256], [1, 256, 128]])
def test_any_tensor_in_the_base(dtype: str, shape: list[int], draft: Drafts, base: Drafts) -> None:
    origin = base("llama").retype(f"{GATE}.weight", dtype, shape).retype(NORM, dtype, shape)
    judge(draft("llama-nvfp4"), origin)


@pytest.mark.parametrize(
    "scheme", ["nvfp4", "w4a16-asym", "fp8-static", "mxfp4", "w8a8-smoothquant"]
)
@pytest.mark.parametrize("shape", [[0, 64], [64, 0], [], [3], [2, 2, 2]])
def test_any_shape_of_ours(scheme: str, shape: list[int], draft: Drafts, base: Drafts) -> None:
    ours = draft(f"llama-{scheme}")
    names = [tensor for tensor in ours.tensors() if tensor.startswith(GATE)]
    for name in names:
        ours.retype(name, "F32" if "scale" in name else "U8", shape)
    ours.retype(NORM, "BF16", shape)
    judge(ours, base("llama"))


def test_zeros_in_both(draft: Drafts, base: Drafts) -> None:
    ours, origin = draft("llama-nvfp4"), base("llama")
    ours.change(f"{GATE}.weight_packed", lambda raw: bytes(len(raw)))
    origin.change(f"{GATE}.weight", lambda raw: bytes(len(raw)))
    assert judge(ours, origin) == []


def test_zeros_here_only(draft: Drafts, base: Drafts) -> None:
    ours = draft("llama-nvfp4").change(f"{GATE}.weight_packed", lambda raw: bytes(len(raw)))
    assert judge(ours, base("llama")) == [f"B110 {GATE}"]


def test_zeros_in_the_base_only(draft: Drafts, base: Drafts) -> None:
    origin = base("llama").change(f"{GATE}.weight", lambda raw: bytes(len(raw)))
    assert judge(draft("llama-nvfp4"), origin) == [f"B105 {GATE}"]


def test_nan_is_left_to_the_rules_of_values(draft: Drafts, base: Drafts) -> None:
    ours = draft("llama-nvfp4").change(f"{GATE}.weight_scale", lambda raw: b"\x7f" + raw[1:])
    assert judge(ours, base("llama")) == []
    given = {"checkpoint": open_checkpoint(ours.path), "base": open_checkpoint(base("llama").path)}
    assert Facts(given, Level.BASE).get("comparison").uncompared == {
        GATE: "it holds NaN or infinity"
    }


def test_names_that_mean_something_elsewhere(draft: Drafts, base: Drafts) -> None:
    origin = base("llama")
    for name in ("", ".", "..", "a..b", "model.layers.99999999999.x", "model.layers.²._", "\u202e"):
        origin.add(name, "BF16", [2], beside=NORM)
    judge(draft("llama-nvfp4"), origin)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "I64"])
def test_a_base_tensor_without_values_is_nobodys_neighbour(
    dtype: str, draft: Drafts, base: Drafts
) -> None:
    ours, origin = draft("llama-nvfp4"), base("llama").retype(f"{GATE}.weight", dtype, [256, 128])
    after, up = NORM.replace("input", "post_attention"), GATE.replace("gate", "up")
    origin.retype(after, dtype, [128])
    ours.change(NORM, lambda raw: raw[::-1])
    ours.change(f"{up}.weight_packed", lambda raw: raw[::-1])
    found = judge(ours, origin)
    assert f"B104 {NORM}" in found
    assert any(finding.endswith(f" {up}") for finding in found)


@pytest.mark.parametrize("scheme", ["w8a8-smoothquant", "w4a16-spinquant"])
def test_a_norm_without_values_that_is_folded(scheme: str, draft: Drafts, base: Drafts) -> None:
    found = judge(draft(f"llama-{scheme}"), base("llama").retype(NORM, "I64", [128]))
    assert f"B104 {NORM}" not in found
