import pytest

from tests.checks.card.conftest import HEADER, AuditLines


def test_fires_without_a_header(audit: AuditLines) -> None:
    assert audit("K101", "# A model\n", header="") == ["1 warning there is no YAML header"]


def test_fires_on_yaml_that_does_not_parse(audit: AuditLines) -> None:
    [found] = audit("K101", "", header="---\nlicense: [mit\n---\n")
    assert found.startswith("-2 error the YAML header: ")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("license: apache-2.0", "license: apache2", "'apache2' is no licence that the Hub knows"),
        ("license: apache-2.0\n", "", "no licence is given"),
        ("pipeline_tag: image-text-to-text", "pipeline_tag: chat", "'chat' is no task"),
        ("base_model: acme/tiny", "base_model: tiny", "'tiny' is not owner/name"),
        ("base_model: acme/tiny\n", "", "no base model is named"),
        ("relation: quantized", "relation: finetune", "the checkpoint is quantized"),
        ("relation: quantized", "relation: compressed", "'compressed' is none of"),
        ("base_model_relation: quantized\n", "", "takes the model for a fine-tune"),
        ("license:", "tags: fp8\nlicense:", "is not a list of words"),
    ],
)
def test_fires_on_what_the_hub_refuses_or_misreads(
    audit: AuditLines, old: str, new: str, what: str
) -> None:
    assert old in HEADER
    [found] = audit("K101", "", header=HEADER.replace(old, new))
    assert what in found


def test_silent_on_a_good_header(audit: AuditLines) -> None:
    tags = HEADER.replace("license:", "tags:\n- fp8\n- vllm\nlicense:")
    several = HEADER.replace("base_model: acme/tiny", "base_model:\n- acme/tiny")
    assert [audit("K101", "", header=header) for header in (HEADER, tags, several)] == [[], [], []]
