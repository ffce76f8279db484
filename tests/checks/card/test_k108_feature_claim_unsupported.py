import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from tests.checks.card.conftest import AuditLines
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("The MTP head is kept for speculative decoding.", 1),
        ('```bash\nvllm serve a/b --speculative-config \'{"method": "mtp"}\'\n```', 2),
    ],
)
def test_fires_on_an_mtp_head_that_is_not_there(audit: AuditLines, text: str, line: int) -> None:
    assert audit("K108", text) == [
        f"{line} error claims multi-token prediction, there are no tensors of an MTP head"
    ]


def test_fires_on_native_fp4_before_blackwell(audit: AuditLines) -> None:
    assert audit("K108", "H100: works out of the box with Blackwell FP4 acceleration.") == [
        "1 warning on H100 80GB not all is native: NVFP4: weight-only (Marlin or Humming)"
    ]


def test_fires_once_on_remote_code_for_a_native_class(audit: AuditLines) -> None:
    text = (
        "```python\nA.from_pretrained('a/b', trust_remote_code=True)\n```\n`--trust-remote-code`\n"
    )
    assert audit("K108", text) == [
        "2 warning trusts remote code, and there is none: transformers has the class itself"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "RTX 5090 and RTX PRO 6000: native FP4.",
        "On H100 NVFP4 runs weight-only (Marlin); native FP8.",
        "The MTP head was lost in quantization.",
        "该模型不支持 MTP 推测解码。",
        "Das Modell enthält keine MTP-Gewichte.",
        "Do not pass trust_remote_code=True.",
        "It sees images.",
        "Input: text, images",
        "Serve it without the vision tower.",
        "MTP layers are not quantized.",
    ],
)
def test_silent_on_what_is_so_and_what_is_denied(audit: AuditLines, text: str) -> None:
    assert audit("K108", text) == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("llama-nvfp4", "Input: text, images", "claims images"),
        ("llama-nvfp4", "It understands text and images.", "claims images"),
        ("qwen3_vl-nvfp4", "It has no vision tower.", "says that the vision tower is not there"),
        ("qwen3_5-mtp", "The MTP head was dropped.", "says that the MTP head is not there"),
    ],
)
def test_fires_on_parts_that_are_there_or_not(name: str, text: str, what: str) -> None:
    checkpoint = open_checkpoint(ROOT / "tests" / "checkpoints" / name)
    report = audit_card(Audit("README.md", f"# A model\n\n{text}\n", checkpoint))
    [found] = [finding.message for finding in report.findings if finding.rule == "K108"]
    assert found.startswith(what)
