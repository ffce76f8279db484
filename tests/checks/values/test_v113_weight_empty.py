import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

MODULE = "model.layers.1.mlp.down_proj"
FILE = "model.safetensors"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("llama-fp8-dynamic", "weight"),
        ("llama-nvfp4", "weight_packed"),
        ("llama-w8a8-int8", "weight"),
    ],
)
def test_fires_on_zeros(name: str, role: str, draft: Drafts, findings: Judge) -> None:
    broken = draft(name)
    broken.patch(f"{MODULE}.{role}", bytes(len(broken.bytes_of(f"{MODULE}.{role}"))))
    assert findings("V113", broken) == [f"error {FILE}: {MODULE}.{role}"]


@pytest.mark.parametrize("name", ["llama-w4a16", "llama-w3a16", "llama-w8a16"])
def test_fires_on_packed_zeros(name: str, draft: Drafts, messages: Judge) -> None:
    bits = {"llama-w4a16": 4, "llama-w3a16": 3, "llama-w8a16": 8}[name]
    broken = draft(name)
    size = len(broken.bytes_of(f"{MODULE}.weight_packed"))
    stream = sum(1 << (place + bits - 1) for place in range(0, size * 8 - bits + 1, bits))
    broken.patch(f"{MODULE}.weight_packed", stream.to_bytes(size, "little"))
    assert messages("V113", broken) == ["all of 32,768 weights are zero"]  # 128 x 256


def test_fires_on_one_value_everywhere(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-nvfp4").patch("lm_head.weight", bf16(0.5) * 384 * 128)
    assert messages("V113", broken) == ["all of 49,152 weights are the same"]


def test_fires_on_an_embedding(mixed: Draft, findings: Judge) -> None:
    name = "model.language_model.embed_tokens.weight"
    broken = mixed.patch(name, bytes(len(mixed.bytes_of(name))))
    assert [place.rpartition(": ")[2] for place in findings("V113", broken)] == [name]


def test_silent_on_biases_and_norms(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen2-bias-int8")
    for name in ("self_attn.q_proj.bias", "input_layernorm.weight"):
        tensor = f"model.layers.0.{name}"
        kept.patch(tensor, bytes(len(kept.bytes_of(tensor))))
    assert findings("V113", kept) == []


def test_silent_on_a_single_weight_that_is_left(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    kept.patch(f"{MODULE}.weight", bytes(32_767) + b"\x01")
    assert findings("V113", kept) == []


def test_silent_on_a_norm_of_ones_in_two_dimensions(draft: Drafts, findings: Judge) -> None:
    name = "model.norm.weight"  # C106 says that its shape is wrong
    kept = draft("llama-nvfp4").patch(name, bf16(1.0) * 128).retype(name, "BF16", [1, 128])
    assert findings("V113", kept) == []
