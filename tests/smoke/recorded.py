"""Runs of vLLM, as pieces that a test can put together: from a real run, or from a recording."""

from pathlib import Path

import msgspec

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules.catalogue import all_rules
from release.rules.runner import run_rules
from release.smoke.evidence import Run

SMOKE_RULES = tuple(rule for rule in all_rules() if rule.code.startswith("S"))


def judge(path: Path, run: Run) -> list[str]:
    """Judge a run by all S rules: `rule place` of each that is no note, S101 with its cause."""
    facts = Facts({"checkpoint": open_checkpoint(path), "engine_run": run}, Level.SMOKE)
    found = run_rules([rule.load() for rule in SMOKE_RULES], facts).findings
    return [
        " ".join([each.rule, str(each.where), *_cause(each.rule, each.message)])
        for each in found
        if each.severity != "info"
    ]


def _cause(rule: str, message: str) -> list[str]:
    return [message.partition(":")[0]] if rule == "S101" else []


def decode_run(raw: bytes) -> Run:
    return msgspec.json.decode(raw, type=Run)
