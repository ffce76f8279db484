from release.quantization.decoding.floats import to_float32
from tests.checks.values.floats import bf16, f16
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE = "model.safetensors"
NORM = "model.layers.1.post_attention_layernorm.weight"


def test_fires_on_a_weight_beyond_all_weights(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch("lm_head.weight", bf16(65_536.0), 200)
    assert findings("V119", broken) == [f"warning {FILE}: lm_head.weight"]


def test_fires_on_a_norm_beyond_all_norms(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(NORM, bf16(32_768.0), 20)
    assert findings("V119", broken) == [f"warning {FILE}: {NORM}"]


def test_fires_on_half_floats_at_their_limit(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(NORM, "F16", [128]).patch(NORM, f16(65_504.0), 0)
    assert findings("V119", broken) == [f"warning {FILE}: {NORM}"]


def test_fires_on_a_dead_norm(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(NORM, bytes(256))
    assert findings("V119", broken) == [f"warning {FILE}: {NORM}"]


def test_silent_on_norms_that_are_added_to_one(mixed: Draft, findings: Judge) -> None:
    for name in ("input_layernorm", "post_attention_layernorm"):
        mixed.patch(f"model.language_model.layers.0.{name}.weight", bytes(256))
    assert findings("V119", mixed) == []


def test_silent_on_gemmas_norms(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.input_layernorm.weight"
    kept = draft("gemma2-int8-gptq")
    kept.patch(name, bytes(len(kept.bytes_of(name))))
    assert findings("V119", kept) == []


def test_silent_on_large_weights_and_norms(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").patch(NORM, bf16(4096.0), 20)
    kept.patch("lm_head.weight", bf16(256.0), 200)
    assert findings("V119", kept) == []


def test_fires_on_a_bias_with_a_flipped_exponent(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.self_attn.q_proj.bias"
    broken = draft("qwen2-bias-int8").patch(name, bf16(2.0**100), 6)
    assert findings("V119", broken) == [f"warning {FILE}: {name}"]


def test_fires_on_half_floats_labelled_bf16(draft: Drafts, findings: Judge) -> None:
    def as_half(raw: bytes) -> bytes:
        return to_float32(raw, "BF16").astype("<f2").tobytes()

    broken = draft("llama-nvfp4").change("lm_head.weight", as_half)
    assert findings("V119", broken) == [f"warning {FILE}: lm_head.weight"]
