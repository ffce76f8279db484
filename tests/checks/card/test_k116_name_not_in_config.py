import pytest

from tests.checks.card.conftest import AuditLines


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Quantized with `pack-quantized` INT4.", "names the format pack-quantized"),
        ("| Architecture | LlamaForCausalLM |", "names the class LlamaForCausalLM"),
    ],
)
def test_fires_on_a_name_of_another_model(audit: AuditLines, text: str, what: str) -> None:
    [found] = audit("K116", text)
    assert found.startswith(f"1 error {what}, config.json has ")


@pytest.mark.parametrize(
    "text",
    [
        "MLPs are `nvfp4-pack-quantized`, the rest is `float-quantized`; mixed-precision in all.",
        "Architecture: `Qwen3_5ForConditionalGeneration`",
        "Unlike `pack-quantized` INT4 it needs Blackwell.",
        "Architecture: hybrid; load it with AutoModelForCausalLM",
    ],
)
def test_silent_on_its_own_names(audit: AuditLines, text: str) -> None:
    assert audit("K116", text) == []
