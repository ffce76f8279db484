import numpy as np

from release.facts import Level
from release.verify import Request, verify
from tests.checks.values.floats import bf16
from tests.conftest import BASES, Drafts, Judge, judge_one

MODULE = "model.layers.1.mlp.gate_proj"
SCALE = f"{MODULE}.weight_scale"
PLACE = f"warning model.safetensors: {SCALE}"


def test_fires_on_one_channel_far_above_the_others(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-fp8-dynamic").patch(SCALE, bf16(0.25), 2 * 11)
    (message,) = messages("V106", broken)
    assert message.startswith("the largest scale, at row 11, is 2,")  # 0.25 / 1.2e-4


def test_fires_on_scales_stored_as_their_inverse(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-static").patch(SCALE, bf16(4096.0))
    assert findings("V106", broken) == [PLACE]


def test_fires_on_scales_that_leave_nothing(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w8a8-int8").patch(SCALE, bf16(2.0**-40) * 256)
    assert findings("V106", broken) == [PLACE]


def test_fires_on_an_expert_unlike_the_others(draft: Drafts, messages: Judge) -> None:
    name = "model.layers.1.mlp.experts.3.up_proj.weight_scale"
    broken = draft("qwen3_moe-fp8")
    broken.patch(name, bf16(0.25, 0.1875) * (len(broken.bytes_of(name)) // 4))
    (message,) = messages("V106", broken)
    assert message.startswith("implies weights up to 112, in other layers they reach 0.0")


def test_fires_as_a_note_where_awq_moved_the_scales(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-w4a16-awq").patch(SCALE, bf16(16.0), 2 * 11)
    assert findings("V106", kept) == [f"info model.safetensors: {SCALE}"]


def test_silent_on_the_eps_of_a_row_of_zeros(draft: Drafts, findings: Judge) -> None:
    # F16 and BF16 models have 0.000977 and 0.0078; a row of tiny weights beside it is normal.
    kept = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(128), 11 * 128)
    kept.patch(SCALE, bf16(0.25), 2 * 11)
    assert findings("V106", kept) == []


def test_silent_on_a_channel_a_hundred_times_larger(draft: Drafts, findings: Judge) -> None:
    assert findings("V106", draft("llama-fp8-dynamic").patch(SCALE, bf16(2.0**-7), 2 * 11)) == []


def test_fires_on_a_scale_that_was_never_calibrated(draft: Drafts, findings: Judge) -> None:
    assert findings("V106", draft("llama-fp8-static").patch(SCALE, bf16(1.0))) == [PLACE]


def test_fires_on_channels_that_all_have_one_scale(draft: Drafts) -> None:
    broken = draft("llama-fp8-dynamic").patch(SCALE, bf16(2.0**-12) * 256)
    (message,) = judge_one("V106", broken.path)[0]
    assert message.message == "all of 256 scales are 0.000244141"


def test_fires_on_blocks_that_all_have_one_scale(draft: Drafts, findings: Judge) -> None:
    assert findings("V106", draft("llama-nvfp4").patch(SCALE, b"\x7e" * 2048)) == [PLACE]


def test_silent_on_exponents_that_are_all_alike(draft: Drafts, findings: Judge) -> None:
    assert findings("V106", draft("llama-mxfp4").patch(SCALE, b"\x78" * 1024)) == []


def test_silent_on_a_large_row_that_the_base_has(draft: Drafts, base: Drafts) -> None:
    ours, origin = draft("llama-fp8-dynamic"), base("llama")
    ours.change(SCALE, lambda raw: enlarged(raw, 11, 1))
    origin.change(f"{MODULE}.weight", lambda raw: enlarged(raw, 11 * 128, 128))
    for place, found in ((origin.path, []), (BASES / "llama", ["V106"])):
        report = verify(Request(ours.path, Level.BYTES, base=place, select=("V106",)))
        assert [finding.rule for finding in report.findings] == found


def enlarged(raw: bytes, start: int, count: int) -> bytes:
    """BF16 values, `count` of them times 4096."""
    words = np.frombuffer(raw, "<u2").copy()
    words[start : start + count] += 12 << 7
    return words.tobytes()
