"""A card calls a command tested only where this very command ran and answered."""

from typing import Any

import msgspec
import pytest

from release.card import render_card
from release.checkpoint import Checkpoint
from release.facts import Facts, Level
from release.memory.logs import read_log
from release.report import Report
from release.rules import Finding, Where
from release.smoke.causes import Cause
from release.smoke.serve import Served
from release.smoke.talk import Exchange
from tests.card.conftest import manifest
from tests.conftest import ROOT
from tests.smoke.recorded import recorded, with_outcome

REPO = "acme/tiny-NVFP4"
ARGS = ("--max-model-len", "512")
ARGV = (REPO, *ARGS)
TESTED = "This command was run with these files, and answered over HTTP."
SERVED = Served(ARGV, exchanges=(Exchange("chat", content="x"),))
LOG = ROOT / "tests" / "golden" / "logs" / "0.32.0-cpu-qwen3_5-mixed.log"


def with_smoke(report: Report, demo: Checkpoint, served: Served) -> Report:
    run = with_outcome(recorded("demo"), memory=read_log(LOG.read_text()))
    given = {"checkpoint": demo, "engine_run": run, "served": served}
    smoke = msgspec.to_builtins(Facts(given, Level.SMOKE).get("smoke"))
    return msgspec.structs.replace(
        report, levels=report.levels | {"smoke": "done"}, facts=report.facts | {"smoke": smoke}
    )


def card_of(report: Report, demo: Checkpoint, served: Served, **changes: Any) -> str:
    given = manifest(**({"serve-args": list(ARGS)} | changes))
    return render_card(with_smoke(report, demo, served), given, demo).text


def test_the_command_that_ran_is_called_tested(demo_report: Report, demo: Checkpoint) -> None:
    assert TESTED in card_of(demo_report, demo, SERVED)


@pytest.mark.parametrize(
    "served",
    [
        Served(),
        msgspec.structs.replace(SERVED, argv=(*ARGV, "--enforce-eager")),
        msgspec.structs.replace(SERVED, argv=ARGV[:1]),
        msgspec.structs.replace(SERVED, cause=Cause("out-of-memory", "", "")),
        msgspec.structs.replace(SERVED, gpu="H100 80GB"),
    ],
    ids=["none", "one argument more", "fewer", "failed", "on a GPU that the card does not name"],
)
def test_another_is_not(demo_report: Report, demo: Checkpoint, served: Served) -> None:
    assert TESTED not in card_of(demo_report, demo, served)


def test_one_that_answered_wrongly_is_not(demo_report: Report, demo: Checkpoint) -> None:
    wrong = Finding("S108", "declared-path-broken", "error", Where(), "no answer", "correct it")
    report = msgspec.structs.replace(demo_report, findings=(*demo_report.findings, wrong))
    assert TESTED not in card_of(report, demo, SERVED)


@pytest.mark.parametrize(("gpu", "tested"), [("H100 80GB", 1), (None, 0), ("RTX 5090", 0)])
def test_a_command_for_a_gpu_ran_on_that_one(
    demo_report: Report, demo: Checkpoint, gpu: str | None, tested: int
) -> None:
    profiles = [{"gpu": "H100"}, {"gpu": "RTX 5090", "args": ["--max-num-seqs", "4"]}]
    served = msgspec.structs.replace(SERVED, gpu=gpu)
    card = card_of(demo_report, demo, served, serve=profiles)
    assert card.count(TESTED) == tested
    (row,) = [line for line in card.splitlines() if line.startswith("| H100 80GB | bf")]
    assert row.endswith("| yes, run |") is bool(tested)


def test_what_fit_predicted_stands_beside_what_was_measured(
    demo_report: Report, demo: Checkpoint
) -> None:
    card = card_of(demo_report, demo, SERVED)
    # 1 GiB of blocks of 384 tokens at 512 bytes: two decimals leave 0.995 to 1.005 GiB open.
    assert "| the smoke test | blocks | 5,434 to 5,488 blocks | 5,461 blocks |" in card
    assert "| the smoke test | KV cache | 559,206 tokens | 559,206 tokens |" in card
