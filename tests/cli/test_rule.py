import json

from release.rules.catalogue import all_rules
from tests.conftest import Run


def test_it_lists_every_rule_once(run: Run) -> None:
    done = run("rule")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert listed == [rule.code for rule in all_rules()]
    assert done.stderr == ""


def test_it_explains_a_rule_by_code_or_name(run: Run) -> None:
    page = run("rule", "q101").stdout
    assert page.startswith("Q101 group-matches-nothing\nerror · headers · since 0.1.0\n")
    for label in ("What it checks", "Why it matters", "How to fix", "Seen in"):
        assert f"\n{label}: " in page
    assert run("rule", "group-matches-nothing").stdout == page
    assert "error · bytes" in run("rule", "F123").stdout


def test_it_knows_the_nearest_one(run: Run) -> None:
    done = run("rule", "group-matches-nothin")
    assert done.returncode == 2
    assert done.stderr == (
        "error: there is no rule 'group-matches-nothin' (did you mean group-matches-nothing?)\n"
    )


def test_json_has_the_same(run: Run) -> None:
    rules = json.loads(run("rule", "--format", "json").stdout)
    assert [entry["code"] for entry in rules] == [rule.code for rule in all_rules()]
    one = json.loads(run("rule", "Q101", "--format", "json").stdout)
    assert one.items() >= next(entry for entry in rules if entry["code"] == "Q101").items()
    assert one["page"].startswith(one["title"])
