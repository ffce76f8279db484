"""The header is what the Hub takes, told without asking it."""

from typing import Any

import pytest
import yaml

from release.audit.vocabulary import vocabulary
from release.card import render_card
from release.checkpoint import Checkpoint
from release.demo.hub.card import judge
from release.demo.hub.licenses import KNOWN
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import FULL, manifest


def header(report: Report, demo: Checkpoint, **changes: Any) -> dict[str, Any]:
    text = render_card(report, manifest(**changes), demo).text
    assert judge(text) == ([], [])
    loaded: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return loaded


def test_every_field_is_there(demo_report: Report, demo: Checkpoint) -> None:
    assert header(demo_report, demo, **FULL, card={"language": ["en", "no"], "tags": ["mine"]}) == {
        "license": "other",
        "license_name": "acme-1.0",
        "license_link": "https://acme.example/license-11",
        "base_model": "acme/tiny",
        "base_model_relation": "quantized",
        "library_name": "transformers",
        "pipeline_tag": "image-text-to-text",
        "language": ["en", "no"],
        "datasets": ["a/data85"],
        "tags": ["compressed-tensors", "fp8", "nvfp4", "vllm", "mine"],
        "quantized_by": "someone-12",
    }


def test_the_licenses_are_those_that_another_list_has() -> None:
    assert set(vocabulary().licenses.split()) - KNOWN <= {"openmdw-1.1"}
    assert set(vocabulary().licenses.split()) >= KNOWN


@pytest.mark.parametrize("name", ["mit", "openrail++", "llama3.1", "gemma", "unknown"])
def test_a_license_of_the_hub_is_taken(demo_report: Report, demo: Checkpoint, name: str) -> None:
    assert header(demo_report, demo, license=name)["license"] == name


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"license": "Apache-2.0"}, "license 'Apache-2.0' is none that the Hub knows (did you"),
        ({"license": "apache 2.0"}, "did you mean 'apache-2.0'?, or 'other' with license-name"),
        ({"license": "acme"}, "license 'acme' is none that the Hub knows (or 'other'"),
        ({"card": {"pipeline-tag": "text-generetion"}}, "did you mean 'text-generation'?"),
        ({"card": {"pipeline-tag": ""}}, "card.pipeline-tag '' is no task of the Hub"),
        ({"card": {"language": ["english"]}}, "card.language 'english' is not of the form"),
        ({"card": {"tags": ["a\nb: c"]}}, "card.tags 'a\\nb: c' is not of the form"),
        ({"card": {"tags": [""]}}, "card.tags '' is not of the form"),
        ({"license-link": "javascript:x"}, "license-link 'javascript:x' is not of the form"),
        ({"quantized-by": ""}, "quantized-by '' is not of the form"),
        ({"base": {"model": "a/b", "revision": "main"}}, "base.revision 'main' is not of the form"),
    ],
)
def test_what_the_hub_would_refuse_is_refused(
    demo_report: Report, demo: Checkpoint, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ReleaseError) as caught:
        render_card(demo_report, manifest(**changes), demo)
    assert words in str(caught.value)
