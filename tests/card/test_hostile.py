"""Whatever stands in release.toml: a card whose figures are in place, or one line."""

import copy
from pathlib import Path
from typing import Any

import pytest

from release.card import Card, render_card
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.manifest import parse_manifest
from release.report import Report
from tests.card.conftest import FULL

TEXTS = ["\x00\ue0001\ue001x\ue002\ue003{{ 7 }}|\n# x\n-->" + "`" * 9, "a" * 5000]
PLACES = (
    *("summary", "limitations", "citation", "contact", "calibration.text", "production.script"),
    *("production.version", "serve.0.note", "usage.0.text", "engines.0.note", "license-name"),
    *("ancestors.0.model", "ancestors.0.datasets.0", "calibration.dataset", "quantized-by"),
)


def changed(path: str, value: Any, given: dict[str, Any] = FULL) -> dict[str, Any]:
    raw = copy.deepcopy(given)
    *parents, last = path.split(".")
    place: Any = raw
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[int(last) if isinstance(place, list) else last] = value
    return raw


def outcome(report: Report, demo: Checkpoint, home: Path, raw: dict[str, Any]) -> Card | str:
    try:
        return render_card(report, parse_manifest(raw), demo, home)
    except ReleaseError as error:
        return str(error)


@pytest.mark.parametrize("path", PLACES)
def test_text_is_text(demo_report: Report, demo: Checkpoint, tmp_path: Path, path: str) -> None:
    for text in TEXTS:
        card = outcome(demo_report, demo, tmp_path, changed(path, text))
        if isinstance(card, str):
            assert "\n" not in card
            continue
        assert not set(card.text) & set("\x00\ue000\ue001\ue002\ue003")
        assert all(card.text[p.start : p.end] == p.figure.text for p in card.places)


@pytest.mark.parametrize(
    "args",
    [
        ["--max-model-len", "0"],
        ["--max-model-len", "-5"],
        ["--tensor-parallel-size", "0"],
        ["--tensor-parallel-size", "100000"],
        ["--gpu-memory-utilization", "nan"],
        ["--max-num-seqs", "0"],
        ["--block-size", "0"],
        ["--pipeline-parallel-size", "99"],
        ["--max-model-len"],
        ["--speculative-config", "{"],
        ["--"],
    ],
    ids=" ".join,
)
def test_arguments_that_make_no_sense_are_one_line(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, args: list[str]
) -> None:
    card = outcome(demo_report, demo, tmp_path, changed("serve.0.args", args))
    assert not isinstance(card, str) or "\n" not in card


def test_links_end_where_they_should(demo_report: Report, demo: Checkpoint) -> None:
    raw = changed("engines.0.link", "https://x.example/a) **b** | c")
    card = render_card(demo_report, parse_manifest(raw), demo).text
    assert "([source](https://x.example/a%29%20**b**%20%7C%20c)) |" in card
