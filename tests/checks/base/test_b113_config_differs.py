import pytest

from tests.conftest import Compare, Drafts


@pytest.mark.parametrize(
    ("key", "value", "severity"),
    [
        ("rms_norm_eps", 1e-5, "error"),
        ("hidden_act", "gelu", "error"),
        ("max_position_embeddings", 4096, "warning"),
        ("eos_token_id", 5, "warning"),
    ],
)
def test_fires_on_a_setting(
    key: str, value: object, severity: str, draft: Drafts, compare: Compare
) -> None:
    changed = draft("llama-nvfp4").config(key, value)
    assert compare(changed, "llama") == [f"B113 {severity} config.json: {key}"]


def test_fires_on_nested_settings(draft: Drafts, compare: Compare) -> None:
    changed = draft("qwen3_5-mtp").config("text_config.partial_rotary_factor", 0.5)
    changed.config("vision_config.depth", 2)
    assert compare(changed, "qwen3_5-mtp") == [
        "B113 error config.json: text_config.partial_rotary_factor",
        "B113 warning config.json: vision_config.depth",
    ]


def test_fires_on_a_rotary_base(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").config("rope_parameters.rope_theta", 500_000.0)
    assert compare(changed, "llama") == ["B113 error config.json: rope_parameters.rope_theta"]


def test_fires_on_lost_scaling_of_positions(draft: Drafts, base: Drafts, compare: Compare) -> None:
    origin = base("llama").config("rope_scaling", {"type": "yarn", "factor": 4.0})
    origin.unset("config.json", "rope_parameters").config("rope_theta", 10_000.0)
    assert compare(draft("llama-nvfp4"), origin) == [
        "B113 error config.json: rope_parameters.rope_type"
    ]


def test_silent_on_the_older_form_of_rotary_settings(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama").unset("config.json", "rope_parameters")
    origin.config("rope_theta", 10_000).config("rope_scaling", None)
    assert compare(draft("llama-nvfp4"), origin) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("torch_dtype", "float16"), ("transformers_version", "4.51.0"), ("_name_or_path", "x")],
)
def test_silent_on_what_quantizing_changes(
    key: str, value: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama").config(key, value)
    assert compare(draft("llama-nvfp4").config(key, "other"), origin) == []
