"""Results of lm-eval: a claim needs n and a base that was measured alike."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from release.card import render_card
from release.card.evaluation import evaluate
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import manifest, write


def results(model: str = "acme/tiny-NVFP4", /, **changes: Any) -> dict[str, Any]:
    """What lm-eval 0.4.9 writes with --output_path, cut to one task."""
    raw = {
        "results": {
            "gsm8k": {
                "alias": "gsm8k",
                "exact_match,strict-match": 0.72,
                "exact_match_stderr,strict-match": 0.012,
                "exact_match,flexible-extract": 0.75,
                "exact_match_stderr,flexible-extract": "N/A",
            }
        },
        "group_subtasks": {"gsm8k": []},
        "configs": {"gsm8k": {"task": "gsm8k", "num_fewshot": 5}},
        "versions": {"gsm8k": 3.0},
        "n-shot": {"gsm8k": 5},
        "higher_is_better": {"gsm8k": {"exact_match": True}},
        "n-samples": {"gsm8k": {"original": 1319, "effective": 1319}},
        "config": {"model": "vllm", "model_args": f"pretrained={model}", "limit": None},
        "date": 1760000000.5,
        "lm_eval_version": "0.4.9",
        "model_name": model,
        "chat_template": None,
        "system_instruction": None,
    }
    for path, value in changes.items():
        place: Any = raw
        *parents, last = path.split("/")
        for key in parents:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return raw


def card(
    report: Report, demo: Checkpoint, home: Path, quantized: Any, base: Any = None, **keys: Any
) -> str:
    write(home, "eval/q.json", json.dumps(quantized))
    entry = {"results": "eval/q.json"}
    if base is not None:
        write(home, "eval/b.json", json.dumps(base))
        entry["base"] = "eval/b.json"
    return render_card(report, manifest(evaluation=[entry], **keys), demo, home).text


def row(text: str, metric: str = "exact_match, strict-match") -> list[str]:
    line = next(line for line in text.splitlines() if f"| {metric} |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


STRICT = "exact_match, strict-match"
BASE = {"results/gsm8k/exact_match,strict-match": 0.75}


def test_recovery_stands_beside_n_and_error(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    text = card(demo_report, demo, tmp_path, results(), results("acme/tiny", **BASE))
    assert row(text) == [
        *("gsm8k", "exact_match, strict-match", "1,319", "0.7200 ± 0.0120", "0.7500 ± 0.0120"),
        *("96.0%", "no difference that n can show"),  # 0.03 is 1.77 of sqrt(2) * 0.012
    ]
    assert row(text, "exact_match, flexible-extract")[-1] == "error not stated"
    assert "Not evaluated" not in text
    assert "Not compared" not in text
    assert "- acme/tiny, lm-eval 0.4.9" in text


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (0.78, "worse by 3.5 standard errors"),  # 0.06 / (sqrt(2) * 0.012)
        (0.60, "better than its base by 7.1 standard errors: look for the reason"),
    ],
)
def test_a_difference_is_weighed(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, value: float, meaning: str
) -> None:
    base = results("acme/tiny", **{"results/gsm8k/exact_match,strict-match": value})
    assert row(card(demo_report, demo, tmp_path, results(), base))[-1] == meaning


def test_where_less_is_better_recovery_turns_around(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    less = {"higher_is_better/gsm8k": {"exact_match": False}}
    text = card(demo_report, demo, tmp_path, results(**less), results("acme/tiny", **BASE, **less))
    assert row(text)[5] == "104.2%"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"n-samples/gsm8k": {"original": 1319, "effective": 200}}, "not the same in n"),
        ({"n-shot/gsm8k": 0}, "not the same in few-shot examples"),
        ({"versions/gsm8k": 2.0}, "not the same in the version of the task"),
        ({"config/limit": 200}, "not the same in limit"),
        ({"chat_template": "{{ messages }}"}, "not the same in the chat template"),
        ({"results/gsm8k/exact_match,strict-match": None}, "the base was not measured in this"),
    ],
)
def test_what_was_measured_otherwise_is_no_recovery(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    text = card(demo_report, demo, tmp_path, results(), results("acme/tiny", **changes))
    assert row(text)[5] == "not claimed"
    assert what in row(text)[6]


def test_without_a_base_it_says_so_loudly(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    text = card(demo_report, demo, tmp_path, results())
    assert row(text)[4:6] == ["no base run", "not claimed"]
    assert "> **Not compared with the base model:**" in text


def test_without_n_nothing_is_claimed(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    none = {"n-samples": None}
    text = card(demo_report, demo, tmp_path, results(**none), results("acme/tiny", **none))
    assert (row(text)[2], row(text)[5]) == ("not stated", "not claimed")


def test_without_results_it_says_so_loudly(demo_report: Report, demo: Checkpoint) -> None:
    assert "> **Not evaluated.**" in render_card(demo_report, manifest(), demo).text


GSM8K = {
    "gsm8k": {
        "dataset": "openai/gsm8k",
        "task-id": "gsm8k",
        "metric": "exact_match, strict-match",
    }
}


def test_the_hub_gets_results_in_its_own_format(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    write(tmp_path, "q.json", json.dumps(results()))
    given = manifest(evaluation=[{"results": "q.json"}], benchmarks=GSM8K)
    rendered = render_card(demo_report, given, demo, tmp_path)
    assert yaml.safe_load(rendered.files[".eval_results/lm-eval.yaml"]) == [
        {
            "dataset": {"id": "openai/gsm8k", "task_id": "gsm8k"},
            "value": 72.0,
            "date": "2025-10-09",
            "notes": "lm-eval, exact_match, strict-match, n=1319",
        }
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "q.json: is not JSON"),
        ("[" * 5000, "q.json: is not JSON"),
        ("[]", "q.json: has no results of lm-eval"),
        ('{"results": {}}', "q.json: has no results of lm-eval"),
        ('{"results": {"t": 3}}', "q.json: holds no score"),
        ('{"results": {"t": {"acc,none": "0.5", "acc": 1, "x,y": true}}}', "holds no score"),
        ('{"results": {"t": {"acc,none": 1e999}}}', "q.json"),
    ],
)
def test_what_is_no_result_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, "q.json", text)
    with pytest.raises(ReleaseError) as caught:
        evaluate(manifest(evaluation=[{"results": "q.json"}]), tmp_path)
    assert words in str(caught.value)


def test_a_base_of_the_same_model_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "q.json", json.dumps(results()))
    with pytest.raises(ReleaseError, match="a base is another model"):
        evaluate(manifest(evaluation=[{"results": "q.json", "base": "q.json"}]), tmp_path)


def test_a_benchmark_without_a_result_is_refused(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    write(tmp_path, "q.json", json.dumps(results()))
    wrong = {"gsm8k": {**GSM8K["gsm8k"], "metric": "acc"}}
    given = manifest(evaluation=[{"results": "q.json"}], benchmarks=wrong)
    with pytest.raises(ReleaseError, match=r"benchmarks\.gsm8k: no result has 'gsm8k' with 'acc'"):
        render_card(demo_report, given, demo, tmp_path)


@pytest.mark.parametrize("odd", [{"n-samples": 3}, {"n-shot": []}, {"config": "x"}, {"date": "x"}])
def test_odd_json_is_read_as_far_as_it_goes(tmp_path: Path, odd: dict[str, Any]) -> None:
    write(tmp_path, "q.json", json.dumps(results(**odd)))
    assert len(evaluate(manifest(evaluation=[{"results": "q.json"}]), tmp_path).claims) == 2


def test_a_group_is_one_row_over_the_samples_of_its_parts(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    parts = {f"mmlu_{name}": {"acc,none": 0.6, "acc_stderr,none": 0.04} for name in "ab"}
    grouped = {
        "results": {"mmlu": {"acc,none": 0.61, "acc_stderr,none": 0.02}, **parts},
        "groups": {"mmlu": {"acc,none": 0.61, "acc_stderr,none": 0.02}},
        "group_subtasks": {"mmlu": list(parts)},
        "n-samples": {name: {"original": 100, "effective": 100} for name in parts},
    }
    text = card(demo_report, demo, tmp_path, results(**grouped))
    assert row(text, "acc")[:4] == ["mmlu", "acc", "200", "0.6100 ± 0.0200"]
    assert "mmlu_a" not in text


def test_groups_that_hold_themselves_end(tmp_path: Path) -> None:
    looped = {"group_subtasks": {"gsm8k": ["gsm8k", "gsm8k"]}, "n-samples": {}}
    write(tmp_path, "q.json", json.dumps(results(**looped)))
    with pytest.raises(ReleaseError, match="holds no score"):
        evaluate(manifest(evaluation=[{"results": "q.json"}]), tmp_path)


@pytest.mark.parametrize(
    ("theirs", "meaning"), [("b", "not the same in the samples"), (None, "no diff")]
)
def test_other_samples_are_not_compared(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, theirs: str | None, meaning: str
) -> None:
    base = results("acme/tiny", **BASE, task_hashes={"gsm8k": theirs})
    text = card(demo_report, demo, tmp_path, results(task_hashes={"gsm8k": "a"}), base)
    assert meaning in row(text)[6]


def test_a_run_of_another_model_is_marked(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    text = card(demo_report, demo, tmp_path, results("other/model"), results("acme/tiny", **BASE))
    assert row(text)[4:] == [
        *("no base run", "not claimed", "of another model: the run names other/model"),
    ]
    server: dict[str, Any] = {
        "model_name": None,
        "config/model_args": "model=other/model,base_url=http://localhost:8000/v1/completions",
    }
    text = card(demo_report, demo, tmp_path, results(**server), results("acme/tiny", **BASE))
    assert row(text)[-1] == "of another model: the run names other/model"


def test_a_base_run_of_another_model_is_marked(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    text = card(demo_report, demo, tmp_path, results(), results("other/base", **BASE))
    assert row(text)[-1] == "not comparable: the base run names other/base"


@pytest.mark.parametrize(
    "model", ["someone/Tiny-NVFP4", "./out", "/data/acme/tiny", "served-name", "a/b/c", "ckpt/"]
)
def test_a_run_that_may_be_of_this_checkpoint_counts(
    model: str, demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    text = card(demo_report, demo, tmp_path, results(model), results("acme/tiny", **BASE))
    assert row(text)[-2] == "96.0%"


def test_a_run_of_the_base_is_refused_as_that_of_the_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, "q.json", json.dumps(results("acme/tiny")))
    with pytest.raises(ReleaseError, match="is a run of the base model, acme/tiny"):
        evaluate(manifest(evaluation=[{"results": "q.json"}]), tmp_path)


def test_a_benchmark_of_another_model_is_refused(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    keys = {"benchmarks": {"gsm8k": {"dataset": "a/b", "task-id": "c", "metric": STRICT}}}
    with pytest.raises(ReleaseError, match="the result is of another model"):
        card(demo_report, demo, tmp_path, results("other/model"), **keys)
