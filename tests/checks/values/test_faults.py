"""One fault in the bytes of a real checkpoint, all rules: the right tensor, and nothing else."""

from collections.abc import Callable

import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.checks.values.floats import bf16, f32, flip
from tests.conftest import Drafts
from tests.mutate import Draft

LAYER = "model.layers.1"
GATE, UP, DOWN = (f"{LAYER}.mlp.{part}_proj" for part in ("gate", "up", "down"))
QUERY = f"{LAYER}.self_attn.q_proj"
EXPERT = f"{LAYER}.mlp.experts.3"
NAN, INF = float("nan"), float("inf")

Change = Callable[[Draft], object]


def at(tensor: str, raw: bytes, place: int = 0) -> Change:
    return lambda draft: draft.patch(tensor, raw, place)


def masked(tensor: str, keep: int) -> Change:
    return lambda draft: draft.patch(tensor, flip(draft.bytes_of(tensor), keep=keep))


def repeated(tensor: str, raw: bytes) -> Change:
    return lambda draft: draft.patch(tensor, raw * (len(draft.bytes_of(tensor)) // len(raw)))


def swapped_in(source: str, target: str) -> Change:
    return lambda draft: draft.patch(target, draft.bytes_of(source))


# checkpoint, fault, the one finding: rule, severity, tensor or module
FAULTS: list[tuple[str, Change, str, str, str]] = [
    ("llama-fp8-dynamic", at(f"{GATE}.weight", b"\x7f", 5), "V101", "error", f"{GATE}.weight"),
    ("llama-fp8-block", at(f"{QUERY}.weight", b"\xff", 5), "V101", "error", f"{QUERY}.weight"),
    ("llama-mxfp8", at(f"{DOWN}.weight", b"\x7f", 5), "V101", "error", f"{DOWN}.weight"),
    ("llama-nvfp4", at("lm_head.weight", bf16(INF), 4), "V101", "error", "lm_head.weight"),
    ("qwen2-bias-int8", at(f"{QUERY}.bias", bf16(NAN), 4), "V101", "error", f"{QUERY}.bias"),
    ("llama-nvfp4", at(f"{UP}.weight_scale", b"\x7f", 9), "V102", "error", f"{UP}.weight_scale"),
    ("llama-mxfp4", at(f"{UP}.weight_scale", b"\xff", 9), "V102", "error", f"{UP}.weight_scale"),
    ("llama-w4a16", at(f"{UP}.weight_scale", bf16(INF), 8), "V102", "error", f"{UP}.weight_scale"),
    ("llama-nvfp4", at(f"{UP}.weight_scale", b"\0", 9), "V103", "error", f"{UP}.weight_scale"),
    ("llama-w8a16", at(f"{UP}.weight_scale", bf16(0), 8), "V103", "error", f"{UP}.weight_scale"),
    ("llama-fp8-static", at(f"{UP}.weight_scale", bf16(0)), "V103", "error", f"{UP}.weight_scale"),
    ("llama-mxfp4", at(f"{UP}.weight_scale", b"\0", 9), "V103", "error", f"{UP}.weight_scale"),
    (
        "llama-fp8-dynamic",
        at(f"{UP}.weight_scale", bf16(-0.01), 8),
        "V104",
        "error",
        f"{UP}.weight_scale",
    ),
    ("llama-nvfp4", at(f"{UP}.weight_scale", b"\xe0", 9), "V104", "error", f"{UP}.weight_scale"),
    (
        "llama-fp8-dynamic",
        at(f"{UP}.weight_scale", bf16(2.0**-128) * 60, 8),
        "V105",
        "warning",
        f"{UP}.weight_scale",
    ),
    (
        "llama-w8a8-int8",
        at(f"{UP}.weight_scale", bf16(4.0), 8),
        "V106",
        "warning",
        f"{UP}.weight_scale",
    ),
    (
        "llama-fp8-static",
        at(f"{UP}.weight_scale", bf16(6144.0)),
        "V106",
        "warning",
        f"{UP}.weight_scale",
    ),
    *(
        (
            "llama-nvfp4",
            at(f"{DOWN}.weight_global_scale", f32(value)),
            "V107",
            "error",
            f"{DOWN}.weight_global_scale",
        )
        for value in (0.0, NAN, INF, -3e4, 3e-5)
    ),
    (
        "llama-nvfp4",
        at(f"{DOWN}.weight_global_scale", f32(1.0)),
        "V108",
        "warning",
        f"{DOWN}.weight_global_scale",
    ),
    (
        "llama-nvfp4a16",
        at(f"{UP}.weight_global_scale", f32(2e4)),
        "V109",
        "error",
        f"{LAYER}.mlp.gate_up_proj",
    ),
    (
        "qwen3_moe-nvfp4",
        at(f"{EXPERT}.up_proj.weight_global_scale", f32(2e4)),
        "V109",
        "error",
        f"{EXPERT}.w13",
    ),
    (
        "llama-nvfp4",
        at(f"{DOWN}.input_global_scale", f32(0.0)),
        "V110",
        "error",
        f"{DOWN}.input_global_scale",
    ),
    (
        "llama-fp8-static",
        at(f"{DOWN}.input_scale", bf16(NAN)),
        "V110",
        "error",
        f"{DOWN}.input_scale",
    ),
    (
        "llama-fp8-static",
        at(f"{LAYER}.self_attn.v_proj.input_scale", bf16(2.0)),
        "V111",
        "warning",
        f"{LAYER}.self_attn.qkv_proj",
    ),
    (
        "qwen3-fp8-kv",
        at(f"{LAYER}.self_attn.v_scale", bf16(0.0)),
        "V112",
        "error",
        f"{LAYER}.self_attn.v_scale",
    ),
    ("llama-fp8-dynamic", repeated(f"{UP}.weight", b"\0"), "V113", "error", f"{UP}.weight"),
    ("llama-nvfp4", repeated(f"{UP}.weight_packed", b"\0"), "V113", "error", f"{UP}.weight_packed"),
    (
        "llama-w4a16",
        repeated(f"{UP}.weight_packed", b"\x77"),
        "V113",
        "error",
        f"{UP}.weight_packed",
    ),
    ("llama-nvfp4", repeated("lm_head.weight", b"\0"), "V113", "error", "lm_head.weight"),
    (
        "llama-fp8-dynamic",
        at(f"{UP}.weight", bytes(128 * 9), 0),
        "V114",
        "warning",
        f"{UP}.weight",
    ),
    ("llama-fp8-dynamic", masked(f"{UP}.weight", 0x7F), "V117", "warning", f"{UP}.weight"),
    ("llama-nvfp4", masked(f"{UP}.weight_packed", 0x77), "V117", "warning", f"{UP}.weight_packed"),
    ("llama-w8a8-int8", masked(f"{UP}.weight", 0xF0), "V118", "warning", f"{UP}.weight"),
    (
        "llama-mxfp8",
        at(f"{UP}.weight_scale", b"\xf1", 17),
        "V118",
        "warning",
        f"{UP}.weight_scale",
    ),
    (
        "llama-nvfp4",
        at("model.norm.weight", bf16(32_768.0), 0),
        "V119",
        "warning",
        "model.norm.weight",
    ),
    (
        "llama-nvfp4",
        swapped_in(f"{GATE}.weight_packed", f"{UP}.weight_packed"),
        "V120",
        "warning",
        f"{UP}.weight_packed",
    ),
    (
        "qwen3_moe-fp8",
        swapped_in(f"{EXPERT}.down_proj.weight", f"{LAYER}.mlp.experts.5.down_proj.weight"),
        "V120",
        "warning",
        f"{LAYER}.mlp.experts.5.down_proj.weight",
    ),
]


@pytest.mark.parametrize(("name", "change", "rule", "severity", "place"), FAULTS)
def test_a_fault_is_one_finding(
    name: str, change: Change, rule: str, severity: str, place: str, draft: Drafts
) -> None:
    broken = draft(name)
    change(broken)
    report = verify(Request(broken.path, Level.BYTES))
    found = [f for f in report.findings if f.severity != "info"]
    assert [(f.rule, f.severity, f.where.tensor or f.where.module) for f in found] == [
        (rule, severity, place)
    ]
    assert not [entry for entry in report.not_checked if entry.required]
