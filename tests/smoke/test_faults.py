"""Broken checkpoints in the real vLLM: each fault has its finding, and no other."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

from release.architecture import ModelConfig
from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.smoke.engine import INSIDE, Ending, Traces, child_environment, write_plugin
from release.smoke.evidence import Engine, Plan, Run, make_plan
from release.smoke.expectations import Expectations
from release.unknown import Unknown
from tests.conftest import CHECKPOINTS, DEMO, VLLM_PYTHON, VLLM_SHIM
from tests.mutate import Draft
from tests.smoke.faults import FAULTS, Fault
from tests.smoke.recorded import judge

pytestmark = [pytest.mark.vllm, pytest.mark.slow]
BATCH = Path(__file__).with_name("batch.py")
NOTHING = Unknown("not asked for")


class Case(msgspec.Struct, frozen=True):
    draft: Draft
    plan: Plan
    traces: Traces


def prepare(fault: Fault, folder: Path) -> Case:
    source = DEMO if fault.checkpoint == "demo" else CHECKPOINTS / fault.checkpoint
    folder.mkdir()
    draft = Draft(source, folder / "checkpoint")
    fault.change(draft)
    facts = Facts({"checkpoint": open_checkpoint(draft.path)}, Level.HEADERS)
    config: ModelConfig = facts.get("config")
    expectations = Expectations(kind=fault.kind, args=fault.args, max_model_len=512)  # type: ignore[arg-type]
    engine = Engine(VLLM_PYTHON, folder / "log", expectations)
    plan = make_plan(facts.get("checkpoint"), engine, config, facts.get("tokenizer"))
    traces = Traces(folder / "result.json", folder / "accounts", folder / "log")
    traces.accounts.mkdir()
    return Case(draft, plan, traces)


def run_all(cases: list[Case], folder: Path) -> None:
    jobs = [
        {
            "order": json.loads(case.plan.order.message(str(case.traces.result))),
            "log": str(case.traces.log),
            "accounts": str(case.traces.accounts),
        }
        for case in cases
    ]
    environment = child_environment(write_plugin(folder), INSIDE, VLLM_SHIM) | {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "TORCHDYNAMO_DISABLE": "1",  # or each would compile how it counts ranks
    }
    subprocess.run(
        [VLLM_PYTHON, BATCH], input=json.dumps(jobs), env=environment, text=True, check=True
    )


def test_every_fault_has_its_finding_and_no_other(tmp_path: Path) -> None:
    cases = {
        name: prepare(fault, tmp_path / str(number))
        for number, (name, fault) in enumerate(FAULTS.items())
    }
    run_all(list(cases.values()), tmp_path)
    found = {}
    for name, case in cases.items():
        outcome = case.traces.read(Ending(0, 0.0), case.plan.order.engine["model"])
        run = Run(case.plan, outcome, NOTHING, NOTHING, NOTHING)
        found[name] = tuple(judge(case.draft.path, run))
    assert found == {name: fault.found for name, fault in FAULTS.items()}
