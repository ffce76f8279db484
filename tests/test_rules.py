"""What every rule owes: its documentation, tests of both kinds, typed facts."""

import ast
import importlib
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from release.facts import FACTS, parameters
from release.rules.catalogue import LABELS, Rule, all_rules
from release.unknown import Unknown
from tests.conftest import ROOT

FAMILIES = {
    "files": "F",
    "config": "C",
    "quantization": "Q",
    "tensors": "T",
    "values": "V",
    "base": "B",
    "reference": "R",
    "smoke": "S",
    "card": "K",
    "hub": "H",
}
GIVEN = {"checkpoint", "engine", "unused_allows"}  # handed in, computed by no provider
RULES = all_rules()
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_a_code_and_a_name_are_given_once() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


def test_every_file_under_checks_is_a_rule() -> None:
    files = set((ROOT / "checks").rglob("*.py"))
    assert files == {rule.path for rule in RULES}


@each_rule
def test_the_letter_is_the_family(rule: Rule) -> None:
    assert FAMILIES[rule.family] == rule.code[0]


@each_rule
def test_its_docstring_has_a_title_and_the_four_labels_in_order(rule: Rule) -> None:
    assert tuple(rule.sections) == LABELS
    assert all(rule.sections.values())
    title, blank, *_ = rule.page.splitlines()
    assert title.endswith(".")
    assert not blank


@each_rule
def test_it_has_tests_that_fire_and_tests_that_stay_silent(rule: Rule) -> None:
    path = ROOT / "tests" / "checks" / rule.family / f"test_{rule.path.stem}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    tests = [name for name in functions if name.startswith("test_")]
    assert all(name.startswith(("test_fires_", "test_silent_")) for name in tests)
    assert any(name.startswith("test_fires_") for name in tests)
    assert any(name.startswith("test_silent_") for name in tests)


@each_rule
def test_its_parameters_are_typed_as_their_providers_return(rule: Rule) -> None:
    check = rule.load().check
    hints = get_type_hints(check)
    for name in parameters(check):
        if name not in GIVEN:
            assert known(hints[name]) == known(provided(name)), name


def provided(fact: str) -> Any:
    module, _, function = FACTS[fact].provider.partition(":")
    return get_type_hints(getattr(importlib.import_module(module), function))["return"]


def known(annotation: Any) -> Any:
    """What remains of `X | Unknown` when it is known."""
    if get_origin(annotation) not in {UnionType, Union}:
        return {annotation}
    return set(get_args(annotation)) - {Unknown}


@pytest.mark.parametrize("fact", FACTS)
def test_facts_are_typed_as_their_providers_return(fact: str) -> None:
    module, _, function = FACTS[fact].provider.partition(":")
    provider = getattr(importlib.import_module(module), function)
    hints = get_type_hints(provider)
    for name in parameters(provider):
        if name not in GIVEN:
            assert known(hints[name]) == known(provided(name)), name
