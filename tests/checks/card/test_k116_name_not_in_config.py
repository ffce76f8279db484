import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from tests.checks.card.conftest import AuditLines
from tests.conftest import ROOT


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


def of_gptq(text: str) -> list[str]:
    checkpoint = open_checkpoint(ROOT / "tests" / "checkpoints" / "llama-w4a16-gptq")
    report = audit_card(Audit("README.md", f"# Llama\n\n{text}\n", checkpoint))
    return [finding.message for finding in report.findings if finding.rule == "K116"]


@pytest.mark.parametrize("text", ["Quantized with AWQ.", "| Algorithm | SmoothQuant |"])
def test_fires_on_a_method_that_is_not_in_the_recipe(text: str) -> None:
    [found] = of_gptq(text)
    assert found.endswith(", recipe.yaml has GPTQ")


@pytest.mark.parametrize(
    "text",
    [
        "Quantized with GPTQ, group size 128.",
        "Unlike those quantized with AWQ it needs no scales for channels.",
    ],
)
def test_silent_on_its_method(text: str) -> None:
    assert of_gptq(text) == []
