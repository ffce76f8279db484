"""JSON values held together, path by path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from release.diff import Change, compare_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)

CASES: dict[str, tuple[Any, Any, list[Change]]] = {
    "a value": ({"a": {"b": 1}}, {"a": {"b": 2}}, [Change("a.b", 1, 2)]),
    "added": ({}, {"a": None}, [Change("a", new=None)]),
    "removed": ({"a": [1]}, {}, [Change("a", old=[1])]),
    "true is not 1": ({"a": True}, {"a": 1}, [Change("a", True, 1)]),
    "1 is not 1.0": ({"a": 1}, {"a": 1.0}, [Change("a", 1, 1.0)]),
    "entries of a list": (
        {"ignore": ["x", "lm_head", "x"]},
        {"ignore": ["lm_head", "y", "x"]},
        [Change("ignore[]", old="x"), Change("ignore[]", new="y")],
    ),
    "order alone": ([1, 2], [2, 1], [Change("", [1, 2], [2, 1])]),
    "entries by name": (
        [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
        [{"name": "b", "n": 3}, {"name": "a", "n": 1}],
        [Change("b.n", 2, 3)],
    ),
    "entries by place": (
        [[1], [2]],
        [[1], [3], [4]],
        [
            Change("1[]", old=2),
            Change("1[]", new=3),
            Change("2", new=[4]),
        ],
    ),
    "no number": ([float("nan")], [float("nan")], []),
    "no number is not infinite": (
        {"a": float("nan")},
        {"a": float("inf")},
        [Change("a", "NaN", "Infinity")],
    ),
    "another type": ({"a": [1]}, {"a": {"b": 1}}, [Change("a", [1], {"b": 1})]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_path_that_differs_is_named(case: str) -> None:
    old, new, expected = CASES[case]
    assert repr(list(compare_values(old, new))) == repr(expected)


@given(JSON)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert list(compare_values(value, value)) == []


@given(JSON, JSON)
def test_any_two_values_can_be_compared_and_back(old: Any, new: Any) -> None:
    there, back = list(compare_values(old, new)), list(compare_values(new, old))
    assert len(there) == len(back)
    assert all(change.old is not UNSET or change.new is not UNSET for change in there)


def test_no_depth_is_too_deep() -> None:
    def nested(leaf: int) -> Any:
        value: Any = leaf
        for _ in range(5000):
            value = [value]
        return value

    assert len(list(compare_values(nested(1), nested(2)))) == 1
