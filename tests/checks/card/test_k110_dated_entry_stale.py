from datetime import date

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.facts.dated import Dated
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from tests.conftest import DEMO

TODAY = date(2026, 11, 25)
FRESH = date(2026, 10, 1)


def judge(*dated: Dated) -> list[str]:
    given = {"checkpoint": open_checkpoint(DEMO), "dated": dated, "today": TODAY}
    verdicts = run_rules([find_rule("K110").load()], Facts(given, Level.HEADERS))
    assert not verdicts.not_checked
    return [f"{found.where}: {found.message}" for found in verdicts.findings]


def test_fires_on_what_was_not_looked_at_for_long() -> None:
    assert judge(Dated("engines[2]", date(2026, 8, 26), "sglang")) == [
        "release.toml: engines[2].as-of: is 2026-08-26, 91 days ago"
    ]


def test_fires_on_a_date_to_come() -> None:
    assert judge(Dated("usage[0]", date(2026, 11, 26), "x")) == [
        "release.toml: usage[0].as-of: is 2026-11-26, in the future"
    ]


@pytest.mark.parametrize(("affected", "fixed"), [("<0.19", None), (None, "0.19.0")])
def test_fires_on_versions_that_cannot_serve_it(affected: str | None, fixed: str | None) -> None:
    assert judge(Dated("known-issues[0]", FRESH, "vllm", affected, fixed)) == [
        "release.toml: known-issues[0]: concerns no vllm from 0.19.1 on"
    ]


@pytest.mark.parametrize(
    ("engine", "affected"), [("vLLM", "==0.18.*"), ("vLLM", "<0.19"), ("Transformers", "<5.2")]
)
def test_fires_on_engines_that_cannot_serve_it(engine: str, affected: str) -> None:
    (found,) = judge(Dated("engines[0]", FRESH, engine, affected))
    assert found.startswith(f"release.toml: engines[0]: concerns no {engine} from ")


@pytest.mark.parametrize("as_of", [date(2026, 8, 27), FRESH, TODAY])
def test_silent_on_what_is_fresh(as_of: date) -> None:
    entries = ("vllm", None, None), ("vllm", ">=0.25", "0.26"), ("sglang", "<0.1", "0.1")
    assert judge(*(Dated("known-issues[0]", as_of, *entry) for entry in entries)) == []


def test_silent_without_a_manifest() -> None:
    verdicts = run_rules(
        [find_rule("K110").load()], Facts({"checkpoint": open_checkpoint(DEMO)}, Level.HEADERS)
    )
    assert (verdicts.findings, verdicts.not_checked) == ((), ())
