import pytest

from release.report.fold import fold, fold_reasons
from release.rules import Finding, Where
from release.rules.catalogue import all_rules
from release.rules.runner import NotChecked


def places(*names: str) -> list[tuple[int, str, int]]:
    findings = [
        Finding("Q101", "group-matches-nothing", "error", Where(module=name), "m", "f")
        for name in names
    ]
    return [(item.count, item.place, len(item.others)) for item in fold(findings)]


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ([f"layers.{n}.q" for n in range(4)], "layers.{0-3}.q"),
        (["layers.0.q", "layers.2.q", "layers.3.q", "layers.11.q"], "layers.{0,2-3,11}.q"),
        ([f"l.{n}.e.{m}.w" for n in (1, 2) for m in range(8)], "l.{1-2}.e.{0-7}.w"),
        (["a-00001-of-00003", "a-00002-of-00003"], "a-{00001-00002}-of-00003"),
        (["7.w", "8.w"], "{7-8}.w"),
        (["9" * 5000 + ".w"], "9" * 5000 + ".w"),
    ],
)
def test_numbers_that_differ_are_one_place(names: list[str], place: str) -> None:
    assert places(*names) == [(len(names), place, 0)]


def test_braces_name_no_place_that_was_not_found() -> None:
    assert places("l.0.e.0", "l.0.e.1", "l.1.e.5") == [(3, "l.0.e.0", 2)]


def test_the_same_place_twice_is_named_once() -> None:
    assert places("layers.0.q", "layers.0.q") == [(2, "layers.0.q", 0)]


def test_modules_of_which_the_same_is_said_are_one() -> None:
    names = [f"layers.{n}.{part}" for part in "qkv" for n in range(4)]
    findings = [
        Finding("T104", "unclaimed", "error", Where(module=name), f"[{len(name)}, 8] is U8", "f")
        for name in names
    ]
    (folded,) = fold(findings)
    assert (folded.count, folded.place) == (12, "layers.{0-3}.q")
    assert folded.others == ("layers.{0-3}.k", "layers.{0-3}.v")


def test_tensors_of_two_files_are_one_where_the_same_is_said() -> None:
    findings = [
        Finding(
            "F108",
            "not-in-index",
            "error",
            Where(file=f"{file}.safetensors", tensor=name),
            "m",
            "f",
        )
        for file, name in (("a", "q.weight"), ("b", "k.weight"))
    ]
    (folded,) = fold(findings)
    assert (folded.place, folded.others) == ("a.safetensors: q.weight", ("k.weight",))


def test_modules_of_which_other_things_are_said_stay_apart() -> None:
    findings = [
        Finding("T104", "unclaimed", severity, Where(module=name), message, "f")
        for severity, name, message in (
            ("error", "q", "is U8"),
            ("error", "k", "is I8"),
            ("warning", "v", "is U8"),
        )
    ]
    assert [item.count for item in fold(findings)] == [1, 1, 1]


def test_settings_and_files_stay_apart() -> None:
    wheres = (Where(file="a.bin"), Where(file="b.bin"), Where(path="eos"), Where(path="bos"))
    findings = [Finding("F115", "pickle", "error", where, "m", "f") for where in wheres]
    assert [item.count for item in fold(findings)] == [1, 1, 1, 1]


def test_the_worst_comes_first() -> None:
    findings = [
        Finding("Q101", "group-matches-nothing", severity, Where(), "m", "f")
        for severity in ("info", "warning", "error")
    ]
    assert [item.first.severity for item in fold(findings)] == ["error", "warning", "info"]


def test_a_hundred_thousand_findings_fold_at_once() -> None:
    names = [f"layers.{n}.experts.{m}.w" for n in range(100) for m in range(1000)]
    assert places(*names) == [(100_000, "layers.{0-99}.experts.{0-999}.w", 0)]


def test_what_was_not_checked_is_counted_by_family_where_it_is_much() -> None:
    few = [NotChecked("Q101 group-matches-nothing", "left out"), NotChecked("sha256", "no bytes")]
    rules = [rule for rule in all_rules() if rule.family in {"files", "config"}]
    many = [NotChecked(str(rule), "no bytes") for rule in rules]
    files, config = (sum(r.family == name for r in rules) for name in ("files", "config"))
    assert fold_reasons([*few, *many]) == {
        "left out": "Q101 group-matches-nothing",
        "no bytes": f"{files} files rules, {config} config rules, sha256",
    }


def test_a_name_without_letters_is_shown_as_one() -> None:
    assert str(Where(tensor="")) == '""'
    assert str(Where(file="model.safetensors", tensor="")) == 'model.safetensors: ""'
    assert str(Where()) == "checkpoint"


def test_of_many_files_a_few_are_named() -> None:
    files = [NotChecked(f"the bytes of {number}.safetensors", "reused") for number in range(9)]
    assert fold_reasons(files) == {
        "reused": "the bytes of 0.safetensors, the bytes of 1.safetensors, "
        "the bytes of 2.safetensors, and 6 more"
    }


@pytest.mark.parametrize(
    "messages",
    [
        ("is 3.028e-05, as if inverted", "is 0.0001291, as if inverted"),
        ("cosine is 0.863, SQNR -0.0 dB", "cosine is 0.87, SQNR 12 dB"),
        ("5 rows of 1,280 (5, 8, 9, …) are bad", "12 rows of 128 (66, 70) are bad"),
    ],
)
def test_numbers_in_any_form_are_the_same_message(messages: tuple[str, str]) -> None:
    places = (Where(module=f"layers.{n}.q") for n in range(2))
    findings = [
        Finding("V107", "scale", "error", place, message, "f")
        for place, message in zip(places, messages, strict=True)
    ]
    assert [item.place for item in fold(findings)] == ["layers.{0-1}.q"]
