from tests.card.conftest import manifest
from tests.checks.card.conftest import AuditLines

SERVE = "```bash\nvllm serve {}\n```\n"


def test_fires_on_another_repository_than_the_manifest(audit: AuditLines) -> None:
    assert audit("K103", SERVE.format("acme/sister"), manifest=manifest()) == [
        "2 error loads acme/sister, the card is for acme/tiny-NVFP4"
    ]


def test_fires_on_the_base_model(audit: AuditLines) -> None:
    text = SERVE.format("acme/tiny-NVFP4") + SERVE.format("acme/tiny")
    assert audit("K103", text) == ["5 error loads the base model, the card is for acme/tiny-NVFP4"]


def test_fires_on_the_odd_one_out_in_a_snippet(audit: AuditLines) -> None:
    snippet = '```python\nmodel = X.from_pretrained(\n    "acme/sister",\n)\n```\n'
    text = SERVE.format("acme/tiny-NVFP4") * 2 + snippet
    assert audit("K103", text) == ["9 error loads acme/sister, the card is for acme/tiny-NVFP4"]


def test_silent_on_its_own_repository(audit: AuditLines) -> None:
    text = (
        SERVE.format("acme/tiny-NVFP4")
        + "Made from [acme/tiny](https://huggingface.co/acme/tiny)\n"
    )
    assert audit("K103", text) == audit("K103", text, manifest=manifest()) == []


def test_fires_on_a_link_that_leads_elsewhere(audit: AuditLines) -> None:
    text = "Made from [acme/tiny](https://huggingface.co/acme/tony)."
    assert audit("K103", text) == ["1 warning shows acme/tiny and leads to acme/tony"]


def test_fires_on_another_source_than_the_header_has(audit: AuditLines) -> None:
    text = "A quantized version of [acme/tony](https://huggingface.co/acme/tony)."
    assert audit("K103", text) == ["1 warning is quantized from acme/tony, base_model is acme/tiny"]


def test_silent_on_links_and_sources_that_agree(audit: AuditLines) -> None:
    text = (
        "A quantized version of [acme/tiny](https://huggingface.co/acme/tiny/), which is a\n"
        "fine-tuned version of [acme/root](https://huggingface.co/acme/root). Calibrated on\n"
        "[acme/traces](https://huggingface.co/datasets/acme/traces), see\n"
        "[this/that](https://example.org/acme/other).\n"
    )
    assert audit("K103", text) == []
