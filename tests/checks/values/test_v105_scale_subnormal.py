from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

SCALE = "model.layers.1.mlp.gate_proj.weight_scale"
PLACE = f"warning model.safetensors: {SCALE}"


def test_fires_on_subnormal_floats(draft: Drafts, findings: Judge) -> None:
    # 2^-130 is under the smallest normal BF16, 2^-126; 60 of 256 are more than a fifth.
    broken = draft("llama-fp8-dynamic").patch(SCALE, bf16(2.0**-130) * 60, 8)
    assert findings("V105", broken) == [PLACE]


def test_fires_on_normal_floats_that_nothing_survives(draft: Drafts, findings: Judge) -> None:
    # 2^-100 is about 8e-31.
    broken = draft("llama-w4a16").patch(SCALE, bf16(2.0**-100) * 200, 0)
    assert findings("V105", broken) == [PLACE]


def test_fires_on_the_one_scale_of_a_tensor(draft: Drafts, findings: Judge) -> None:
    assert findings("V105", draft("llama-fp8-static").patch(SCALE, bf16(2.0**-130))) == [PLACE]


def test_fires_when_a_fifth_of_the_block_scales_is_tiny(draft: Drafts, findings: Judge) -> None:
    assert findings("V105", draft("llama-nvfp4").patch(SCALE, b"\x07" * 420, 0)) == [PLACE]


def test_silent_on_some_tiny_block_scales(draft: Drafts, findings: Judge) -> None:
    assert findings("V105", draft("llama-nvfp4").patch(SCALE, b"\x07" * 100, 0)) == []


def test_silent_on_dead_channels(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").patch(SCALE, bf16(2.0**-130, 2.0**-110), 8)
    assert findings("V105", kept) == []


def test_silent_on_small_normal_floats(draft: Drafts, findings: Judge) -> None:
    assert findings("V105", draft("llama-fp8-dynamic").patch(SCALE, bf16(2.0**-60), 8)) == []
