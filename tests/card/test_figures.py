"""Nothing on a card is typed: every figure has an origin, and moves with what it says."""

import json
import re
from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest

from release.card import render_card
from release.card.figures import Figure
from release.card.ledger import Card
from release.card.origins import origin_of
from release.checkpoint import Checkpoint
from release.manifest import Manifest, parse_manifest
from release.report import Report
from tests.card.conftest import FULL
from tests.conftest import ROOT

DIGITS = re.compile(r"\w*\d\w*")
NAMES = {"sha256"}
FIXED = {
    r"table\.Hardware.*": "computed from the checkpoint: test_profiles.py",
    r"profiles.*": "computed from the checkpoint: test_profiles.py",
    r"table\.Kernels by GPU.*": "names of schemes and kernels",
    r"table\.Provenance.*": "names of formats",
    r"report\.not_checked.*": "counts of rules",
    r"table\.\w+": "a note below a table",
    "recipe": "the file itself",
}


def outside(card: Card) -> str:
    """The card's text without its figures."""
    parts, last = [], 0
    for place in card.places:
        parts.append(card.text[last : place.start])
        last = place.end
    return "\0".join([*parts, card.text[last:]])


def test_no_digit_of_a_card_is_a_templates_own(
    demo_report: Report, demo: Checkpoint, full: Manifest
) -> None:
    card = render_card(demo_report, full, demo)
    text = outside(card).partition("<!-- written by release ")[0]
    assert set(DIGITS.findall(text)) <= NAMES


def test_each_place_is_its_figure(demo_report: Report, demo: Checkpoint, full: Manifest) -> None:
    card = render_card(demo_report, full, demo)
    assert len(card.places) > 200
    for place in card.places:
        assert card.text[place.start : place.end] == place.figure.text


def shifted(value: Any, count: list[int]) -> Any:
    """Every number another, by factors that differ, and every digit in text the next one."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, dict):
        return {shifted_key(key): shifted(item, count) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shifted(item, count) for item in value]
    if isinstance(value, str):
        return shifted_text(value)
    count[0] += 1
    return value * Random(count[0]).randint(3, 60) + 7


def shifted_text(text: str) -> str:
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), text)


def shifted_key(key: str) -> str:
    return key if key.endswith("sha256") else shifted_text(key)


def shifted_report(report: Report, first: int) -> Report:
    raw = json.loads(msgspec.json.encode(report))
    count = [first]
    for name in ("facts", "checkpoint", "summary"):
        raw[name] = shifted(raw[name], count)
    raw["tool"]["version"] = "9.9.9"
    return msgspec.convert(raw, Report)


def shifted_manifest() -> Manifest:
    raw = shifted(json.loads(json.dumps(FULL)), [0])
    raw["rationale"] = {shifted_text(name): why for name, why in raw["rationale"].items()}
    raw["serve"][0]["gpu"] = FULL["serve"][0]["gpu"]
    raw["serve-args"] = ["--reasoning-parser", "gemma4"]  # there is no parser qwen4
    told = raw["calibration"]
    mean, most = "mean-sequence-length", "max-sequence-length"
    told[mean], told[most] = sorted((told[mean], told[most]))
    raw["usage"][0]["as-of"] = raw["engines"][0]["as-of"] = "2027-11-23"
    return parse_manifest(raw)


def by_name(card: Card) -> dict[tuple[str, int], Figure]:
    """Figures by name and how often that name came before; some sentences come and go."""
    seen: Counter[str] = Counter()
    found = {}
    for figure in (place.figure for place in card.places):
        found[figure.name, seen[figure.name]] = figure
        seen[figure.name] += 1
    return found


def test_every_figure_moves(demo_report: Report, demo: Checkpoint, full: Manifest) -> None:
    before = by_name(render_card(demo_report, full, demo))
    after = by_name(render_card(shifted_report(demo_report, 0), shifted_manifest(), demo))
    again = by_name(render_card(shifted_report(demo_report, 1000), shifted_manifest(), demo))
    assert len(before.keys() & after.keys()) > 200
    still = [
        (old.name, old.row, old.text)
        for key, old in before.items()
        if re.search(r"\d", old.text)
        and key in after
        and old.text == after[key].text
        and old.text == again[key].text
        and not any(re.fullmatch(fixed, old.name) for fixed in FIXED)
    ]
    assert still == []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value) for leaf in leaves(item, (*path, i))]
    return [path] if type(value) is int else []


NOT_SHOWN = {
    ("weights", "stored_elements"): "an intermediate of the Hub's count",
    ("weights", "schemes"): "printed by `release tables`",
    ("weights", "components", "dtypes"): "the schemes are printed",
}


def test_every_number_of_the_report_is_on_the_card(
    demo_report: Report, demo: Checkpoint, full: Manifest
) -> None:
    card = render_card(demo_report, full, demo).text
    named = ("weights", "kv", "precision", "model")
    facts = json.loads(msgspec.json.encode({name: demo_report.facts[name] for name in named}))
    for part in facts["weights"]["components"]:
        if len(part["schemes"]) == 1:
            part["schemes"] = {}  # the component's own size is printed instead
    unmoved = []
    for path in leaves(facts)[::3]:
        changed = json.loads(json.dumps(facts))
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = place[path[-1]] * 3 + 7
        report = msgspec.structs.replace(demo_report, facts={**demo_report.facts, **changed})
        if render_card(report, full, demo).text == card:
            unmoved.append(tuple(key for key in path if isinstance(key, str)))
    assert [path for path in unmoved if not any(path[: len(p)] == p for p in NOT_SHOWN)] == []


@pytest.mark.parametrize("certainty", ["exact", "estimated", "stated"])
def test_the_card_shows_how_sure_it_is(
    demo_report: Report, demo: Checkpoint, full: Manifest, certainty: str
) -> None:
    card = render_card(demo_report, full, demo).text
    table = card.partition("Where each figure comes from")[2].partition("</details>")[0]
    assert f"\n| {certainty} | " in table


def test_a_second_rendering_is_the_same_to_the_byte(
    demo_report: Report, demo: Checkpoint, full: Manifest
) -> None:
    assert render_card(demo_report, full, demo) == render_card(demo_report, full, demo)


def test_every_table_has_an_origin_of_its_own() -> None:
    titles = set()
    for folder in ("card", "tables"):
        for path in (ROOT / "release" / folder).glob("*.py"):
            text = path.read_text()
            titles |= set(re.findall(r'Table\("([^"]+)"|title(?:, columns)? = "([^"]+)"', text))
    elsewhere = {"What fits", "Memory of a GPU", "Requests at once", "Parameters", "Versions"}
    for title in {one or other for one, other in titles} - elsewhere:
        assert origin_of(f"table.{title}") != origin_of(""), title
