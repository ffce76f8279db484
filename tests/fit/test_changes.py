"""What is suggested does start, by the same model; what starts needs no suggestion."""

import json
from random import Random

import pytest

from release.fit.audit import audit
from release.fit.changes import smallest_change
from release.fit.solve import Question, solve
from release.fit.subject import NotEstimated, Subject, open_subject
from release.memory.command import parse_command
from release.memory.gpus import all_gpus
from release.memory.options import AUTO, Options
from tests.golden.test_logs import LOGS
from tests.memory.cases import CONFIGS

ASKED = 3  # questions of each model
VERSIONS = ("0.17.0", "0.19.0", "0.24.0", "0.28.0", "0.32.0")


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    found, folder = [], tmp_path_factory.mktemp("configs")
    for path in CONFIGS:
        bare = folder / f"{path.stem}.json"
        bare.write_text(json.dumps(json.loads(path.read_text())["config"]))
        found.append(open_subject(bare))
    return [*found, open_subject(LOGS / "27b.json")]


def question(chance: Random, limit: int) -> Question:
    options = Options(
        tensor_parallel_size=chance.choice([None, 1, 2, 4, 8]),
        pipeline_parallel_size=chance.choice([None, None, 2]),
        kv_cache_dtype=chance.choice([None, "auto", "fp8"]),
        max_model_len=chance.choice([None, AUTO, 4096, limit // 2, limit + 1]),
        max_num_seqs=chance.choice([None, 1, 64, 2048]),
        max_num_batched_tokens=chance.choice([None, 512, 8192]),
        gpu_memory_utilization=chance.choice([None, 0.5, 0.9, 1.0]),
        enable_prefix_caching=chance.choice([None, False]),
        enforce_eager=chance.choice([None, True]),
    )
    gpu = chance.choice(all_gpus())
    return Question(options, chance.choice(VERSIONS), gpu)


@pytest.mark.slow
def test_every_suggestion_starts(subjects: list[Subject]) -> None:
    chance, suggested = Random(6), 0  # any seed: a failure prints the question
    for subject in subjects:
        for _ in range(ASKED):
            asked = question(chance, subject.limit)
            try:
                fit = solve(subject, asked)
            except NotEstimated:
                continue
            change = smallest_change(subject, fit)
            if fit.answer.starts:
                assert change is None
            elif change is not None:
                suggested += 1
                again = audit(
                    subject, parse_command(change.command), Question(vllm=asked.vllm, gpu=asked.gpu)
                )
                assert again.answer.starts, (asked, change.command)
                assert again.answer == change.answer
    assert suggested >= len(CONFIGS) // 2


@pytest.mark.slow
def test_ranges_hold_their_ends(subjects: list[Subject]) -> None:
    """More memory never holds less; what is certain is certain at both ends."""
    chance = Random(7)
    for subject in subjects:
        for _ in range(ASKED):
            try:
                answer = solve(subject, question(chance, subject.limit)).answer
            except NotEstimated:
                continue
            least, most = answer.at_least, answer.at_most
            assert least.available_bytes <= most.available_bytes
            assert least.num_blocks <= most.num_blocks
            assert least.longest_request <= most.longest_request
            assert least.short_requests <= most.short_requests
            if answer.starts:
                assert least.longest_request >= answer.at_least.max_model_len
