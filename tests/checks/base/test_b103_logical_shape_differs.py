from tests.conftest import Compare, Drafts


def test_fires_on_a_packed_weight(draft: Drafts, base: Drafts, compare: Compare) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    origin = base("llama").retype(name, "BF16", [288, 128])
    assert compare(draft("llama-nvfp4"), origin) == [f"B103 error {name}"]


def test_fires_on_a_norm(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama").retype("model.norm.weight", "BF16", [64])
    assert compare(draft("llama-fp8-static"), origin) == ["B103 error model.norm.weight"]


def test_silent_on_fused_experts(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("qwen3_moe-nvfp4"), "qwen3_moe") == []
