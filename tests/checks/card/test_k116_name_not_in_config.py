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


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Quantized with AWQ.", True),
        ("| Algorithm | SmoothQuant |", True),
        ("Quantized with GPTQ, group size 128.", False),
        ("Unlike those quantized with AWQ it needs no scales for channels.", False),
    ],
)
def test_the_method_is_that_of_the_recipe(text: str, wrong: bool) -> None:
    checkpoint = open_checkpoint(ROOT / "tests" / "checkpoints" / "llama-w4a16-gptq")
    report = audit_card(Audit("README.md", f"# Llama\n\n{text}\n", checkpoint))
    found = [finding.message for finding in report.findings if finding.rule == "K116"]
    assert [what.rpartition(", ")[2] for what in found] == ["recipe.yaml has GPTQ"] * wrong
