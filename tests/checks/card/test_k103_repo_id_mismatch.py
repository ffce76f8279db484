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
