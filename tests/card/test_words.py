"""What a person says on a card is judged before it is on one."""

from pathlib import Path
from typing import Any

import pytest

from release.card import render_card
from release.card.words import require_true
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import manifest

WRONG = "The model has 64 layers."
DAY = "2026-11-20"


def judge(report: Report, demo: Checkpoint, home: Path, **keys: Any) -> str | None:
    given = manifest(**keys)
    try:
        require_true(render_card(report, given, demo, home), report, given, demo, home)
    except ReleaseError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"summary": WRONG}, "summary"),
        ({"intended-use": f"Chat.\n\n{WRONG}"}, "intended-use"),
        ({"out-of-scope": WRONG}, "out-of-scope"),
        ({"limitations": WRONG}, "limitations"),
        ({"contact": WRONG}, "contact"),
        ({"rationale": {"group_0": WRONG}}, "rationale.group_0"),
        ({"calibration": {"text": WRONG}}, "calibration.text"),
        ({"production": {"hardware": WRONG}}, "production.hardware"),
        ({"serve": [{"gpu": "H100", "note": WRONG}]}, "serve.note"),
        ({"usage": [{"engine": "x", "text": WRONG, "as-of": DAY}]}, "usage.text"),
        (
            {"engines": [{"engine": "x", "works": True, "note": WRONG, "as-of": DAY}]},
            "engines.note",
        ),
        ({"known-issues": [{"title": "x", "text": WRONG, "as-of": DAY}]}, "known-issues.text"),
        ({"known-issues": [{"title": WRONG, "text": "x", "as-of": DAY}]}, "known-issues.title"),
        ({"ancestors": [{"model": "a/b", "how": WRONG}]}, "ancestors.how"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_refused_by_its_key(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, keys: dict[str, Any], key: str
) -> None:
    said = judge(demo_report, demo, tmp_path, **keys)
    assert said is not None
    assert said.startswith(f"release.toml: {key}: layers in all: the card says 64, it is 4")


@pytest.mark.parametrize(
    "text",
    [
        "It retains 99% of the accuracy.",
        "It is 2x faster than BF16.",
        "Context of 1M tokens.",
        "lm_head is quantized to NVFP4.",
        "Run `vllm serve other/model`.",
        "Needs vLLM 0.15.0 or newer.",
    ],
)
def test_claims_of_any_kind_are_judged(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, text: str
) -> None:
    assert judge(demo_report, demo, tmp_path, limitations=text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Chat and coding in English.",
        "It has 4 layers and a context of 2,048 tokens.",
        "Images were not in the calibration data.",
        "Samples of 4,096 tokens; longer contexts were not tried.",
    ],
)
def test_true_words_and_opinions_are_left(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, text: str
) -> None:
    assert judge(demo_report, demo, tmp_path, limitations=text, summary=text) is None


def test_a_person_may_accept_it(demo_report: Report, demo: Checkpoint, tmp_path: Path) -> None:
    allow = {"rule": "K104", "where": "README.md:*", "reason": "it speaks of the teacher"}
    assert judge(demo_report, demo, tmp_path, limitations=WRONG, allow=[allow]) is None


def test_the_line_is_named(demo_report: Report, demo: Checkpoint, tmp_path: Path) -> None:
    toml = tmp_path / "release.toml"
    toml.write_text(f'# one\nlimitations = """\nFine.\n{WRONG}"""\n')
    said = judge(demo_report, demo, tmp_path, limitations=f"Fine.\n{WRONG}")
    assert said is not None
    assert said.startswith("release.toml:4: limitations: ")
    toml.write_text('# one\nlimitations = "The model has 64 l\\u0061yers."\n')
    said = judge(demo_report, demo, tmp_path, limitations=WRONG)
    assert said is not None
    assert said.startswith("release.toml:2: limitations: ")


def test_a_script_may_name_other_models(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "quantize.py").write_text('LLM(model="other/model")  # 64 layers, 27B parameters\n')
    production = {"script": "quantize.py"}
    assert judge(demo_report, demo, tmp_path, production=production) is None


def test_templates_of_a_project_are_judged_too(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "citation.md.j2").write_text(f"## Layers\n\n{WRONG}\n")
    said = judge(demo_report, demo, tmp_path)
    assert said is not None
    assert said.startswith("templates/: 'The model has 64 layers.': layers in all")
    assert "layers in all: the card says 64, it is 4" in said
