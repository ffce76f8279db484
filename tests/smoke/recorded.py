"""Runs of vLLM: judged by all S rules, or recorded (0.32.0, on a CPU) and changed by one thing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules import Finding
from release.rules.catalogue import Rule, all_rules, find_rule
from release.rules.runner import run_rules
from release.smoke.account import Account
from release.smoke.engine import Reply
from release.smoke.evidence import Run
from release.smoke.serve import Served
from tests.conftest import CHECKPOINTS, DEMO, ROOT

RECORDINGS = ROOT / "tests" / "golden" / "smoke"
SMOKE_RULES = tuple(rule for rule in all_rules() if rule.code.startswith("S"))
NOT_SERVED = Served()
replace = msgspec.structs.replace


def recorded(name: str) -> Run:
    """Give the run of a good checkpoint of the tests, as it was recorded."""
    return msgspec.json.decode((RECORDINGS / f"{name}.json").read_bytes(), type=Run)


def place(name: str) -> Path:
    return DEMO if name == "demo" else CHECKPOINTS / name


def judge(path: Path, run: Run) -> list[str]:
    """Judge a run by all S rules: `rule place` of each that is no note, S101 with its cause."""
    return [
        " ".join([each.rule, str(each.where), *_cause(each.rule, each.message)])
        for each in judge_by(SMOKE_RULES, path, run)
        if each.severity != "info"
    ]


def judged(code: str, name: str, run: Run, served: Served = NOT_SERVED) -> list[str]:
    """Judge a changed recording by one rule: `severity place` of each finding."""
    found = judge_by((find_rule(code),), place(name), run, served)
    return [f"{each.severity} {each.where}" for each in found]


def judge_by(
    rules: tuple[Rule, ...], path: Path, run: Run, served: Served = NOT_SERVED
) -> tuple[Finding, ...]:
    given = {"checkpoint": open_checkpoint(path), "engine_run": run, "served": served}
    facts = Facts(given, Level.SMOKE)
    return run_rules([rule.load() for rule in rules], facts).findings


def with_outcome(run: Run, **changes: Any) -> Run:
    return replace(run, outcome=replace(run.outcome, **changes))


def with_result(run: Run, **changes: Any) -> Run:
    return with_outcome(run, result=replace(run.outcome.result, **changes))


def with_plan(run: Run, **changes: Any) -> Run:
    return replace(run, plan=replace(run.plan, **changes))


def with_account(run: Run, change: Callable[[Account], Account]) -> Run:
    return with_outcome(run, accounts=tuple(map(change, run.outcome.accounts)))


def with_reply(run: Run, **changes: Any) -> Run:
    """Change the first reply."""
    first, *others = run.outcome.result.answers
    return with_result(run, answers=(replace(first, **changes), *others))


def asked(run: Run, *replies: tuple[str, str, str, str]) -> Run:
    """Let the run be one of a chat model with these replies: prompt, text, finish, expected."""
    made = tuple(
        Reply(f"ask-{number}", prompt, 4, text, tuple(text.encode()), finish, (), 0)
        for number, (prompt, text, finish, _) in enumerate(replies)
    )
    expected = {f"ask-{number}": (reply[3],) for number, reply in enumerate(replies)}
    order = replace(run.plan.order, expected=expected)
    return with_result(with_plan(run, kind="chat", order=order), answers=made, alone=())


def _cause(rule: str, message: str) -> list[str]:
    return [message.partition(":")[0]] if rule == "S101" else []
