"""Logs as people have them: coloured, prefixed, of several starts, cut off, of several workers."""

import json
import re
from collections.abc import Callable

import pytest

from release.errors import ReleaseError
from release.fit.solve import Fit, Question, solve
from release.fit.subject import open_subject
from release.memory.gpus import find_gpu
from release.memory.logs import decode_log, read_log
from release.memory.options import Options, overlay
from release.memory.versions import NEWEST
from tests.golden.test_logs import HYBRID, LOGS

PLAIN = (LOGS / "27b-b.log").read_text()
OTHER = (LOGS / "0.24.0-h100-qwen8b-2048.log").read_text()


def fit(text: str, options: Options | None = None) -> Fit:
    log = read_log(text)
    asked = overlay(options or Options(), log.stated.options)
    question = Question(asked, log.version or NEWEST, log=log)
    return solve(open_subject(HYBRID), question)


def lines(dress: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "\n".join(map(dress, text.splitlines()))


def colour(line: str) -> str:
    return re.sub(r"(\S+)", "\x1b[36m\\1\x1b[0m", line)


def record(line: str) -> str:
    return json.dumps({"log": f"\x1b[0;36m{line}\x1b[0m\n", "stream": "stderr", "time": "{}"})


DRESSES: dict[str, Callable[[str], str]] = {
    "coloured": lines(colour),
    "docker compose": lines("vllm-1  | {}".format),
    "journald": lines("Nov 25 18:56:06 box docker[4242]: {}".format),
    "kubernetes": lines("2026-11-25T18:56:06.123456789Z stderr F {}".format),
    "json lines": lines(record),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "after another model's start": lambda text: OTHER + text,
    "before a start that failed early": lambda text: text + OTHER[:600],
    "twice": lambda text: text + text,
    "cut off behind": lambda text: text[: text.index("Capturing")],
    "noise": lambda text: "\x00\ufffd{'}%s\\" + text + "{" * 5000,
}


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_a_dressed_log_says_the_same(dress: Callable[[str], str]) -> None:
    dressed = fit(dress(PLAIN)).answer.at_least
    assert (dressed.num_blocks, dressed.tokens, dressed.max_model_len) == (2050, 3_142_661, 262_144)


def test_what_a_cut_off_head_stated_is_taken_from_what_is_given() -> None:
    engine = PLAIN[PLAIN.index("(EngineCore") :]
    assert not read_log(engine).stated.complete
    given = Options(max_model_len=262_144, language_model_only=True, gpu_memory_utilization=0.9)
    assert fit(engine, given).answer.at_least.tokens == 3_142_661
    # kv_cache_dtype=fp8 is in the engine's own line.
    assert read_log(engine).stated.options.kv_cache_dtype == "fp8"


def test_the_least_of_several_workers_counts() -> None:
    line = next(line for line in PLAIN.splitlines() if "Available KV cache memory" in line)
    workers = "\n".join(
        line.replace("EngineCore", f"Worker_TP{rank}").replace("98.1", size)
        for rank, size in enumerate(("98.1", "97.9"))
    )
    assert read_log(PLAIN.replace(line, workers)).available_gib == 97.9


def test_figures_that_our_plan_does_not_give_are_not_used() -> None:
    with pytest.raises(ReleaseError, match="other figures"):
        fit(PLAIN.replace("3,142,661", "3,042,661"))
    with pytest.raises(ReleaseError, match="other figures"):
        fit(OTHER)


def test_what_is_on_and_not_modelled_is_said() -> None:
    with pytest.raises(ReleaseError, match="--mamba-block-size"):
        fit(PLAIN.replace("{'load_format'", "{'mamba_block_size': 512, 'load_format'"))
    parallel = PLAIN.replace("decode_context_parallel_size=1", "decode_context_parallel_size=2")
    with pytest.raises(ReleaseError, match="decode_context_parallel_size"):
        fit(parallel)
    draft = "'speculative_config': {'method': 'ngram', 'num_speculative_tokens': 3}, "
    with pytest.raises(ReleaseError, match="speculative_config"):
        fit(PLAIN.replace("{'load_format'", "{" + draft + "'load_format'"))


def test_what_a_log_has_measured_of_it_needs_no_model() -> None:
    more = "{'enable_lora': True, 'cpu_offload_gb': 2.5, 'attention_backend': 'B12X', "
    text = PLAIN.replace("{'load_format'", more + "'load_format'")
    found = fit(text)
    assert found.answer.at_least.tokens == 3_142_661
    rest = read_log(text).stated.rest
    assert rest == ("--cpu-offload-gb", "2.5", "--enable-lora")
    log = read_log(text)
    asked = overlay(Options(language_model_only=False), log.stated.options)
    question = Question(asked, log.version or NEWEST, gpu=find_gpu("H200"), log=log)
    with pytest.raises(ReleaseError, match="--cpu-offload-gb changes the memory"):
        solve(open_subject(HYBRID), question)


def test_a_log_of_powershell_is_wide() -> None:
    assert decode_log(PLAIN.encode("utf-16")) == decode_log(PLAIN.encode()) == PLAIN


def test_more_than_was_logged_needs_a_gpu_and_less_is_a_lower_bound() -> None:
    log = read_log(PLAIN)
    more = overlay(Options(language_model_only=False), log.stated.options)
    with pytest.raises(ReleaseError, match="less images than what is asked"):
        fit(PLAIN, more)
    less = overlay(Options(enforce_eager=True), log.stated.options)
    terms = fit(PLAIN, less).answer.terms
    assert terms[-1].source == "--from-log, at least: it had more compilation, CUDA graphs"


@pytest.mark.parametrize(
    "arguments",
    [
        "{'max_model_len': 'long', 'max_num_seqs': [], 'tensor_parallel_size': None}",
        "{1: 2}",
        "{'a': " + "[" * 3000,
        "{'model': <vllm.Thing object at 0x1>, 'kv_cache_dtype': 5}",
        "{'speculative_config': {'method': [], 'num_speculative_tokens': 'x'}}",
        "{'limit_mm_per_prompt': [0]}",
    ],
)
def test_hostile_arguments_are_read_as_far_as_they_make_sense(arguments: str) -> None:
    figures = f"Available KV cache memory: 9.9.9 GiB\nModel loading took {'9' * 999} GiB\n"
    log = read_log(f"non-default args: {arguments}\n{figures}")
    assert (log.available_gib, log.weights_gib) == (None, None)
    assert log.stated.options == Options()


def test_a_refusal_of_another_model_is_not_used() -> None:
    refused = (LOGS / "0.24.0-h100-gemma12b-small.log").read_text()
    with pytest.raises(ReleaseError, match="other figures"):
        fit(refused)


def test_a_log_without_its_version_takes_the_one_that_is_given() -> None:
    # The engine's line is gone, and with it 0.24.0; a window of one step tells it from 0.32.
    name = LOGS / "0.24.0-h100-gemma12b.log"
    lines = [line for line in name.read_text().splitlines() if "V1 LLM engine" not in line]
    log = read_log("\n".join(lines))
    assert log.version is None
    subject = open_subject(LOGS / "gemma-3-12b.json")
    with pytest.raises(ReleaseError, match="name it"):
        solve(subject, Question(log.stated.options, NEWEST, log=log))
    answer = solve(subject, Question(log.stated.options, "0.24.0", log=log)).answer
    assert answer.at_least.tokens == 76_544


def test_a_start_that_went_on_had_fewer_sequences_than_blocks() -> None:
    """As on an A100, where vLLM takes 256: 943 blocks and no word of too many sequences."""
    text = (LOGS / "0.24.0-h100-27b-80gb-defaults.log").read_text()
    went_on = "\n".join(line for line in text.splitlines() if "exceeds" not in line)
    assert fit(text).answer.starts is False
    found = fit(went_on)
    assert (found.answer.starts, found.settled.sequences) == (True, 256)


def test_more_than_was_logged_is_estimated_for_a_gpu_that_is_named() -> None:
    log = read_log(PLAIN)
    asked = overlay(Options(language_model_only=False), log.stated.options)
    found = solve(open_subject(HYBRID), Question(asked, "0.24.0", find_gpu("H200"), log=log))
    terms = {term.name: term.basis for term in found.answer.terms}
    # The log's weights are without the vision tower.
    assert (terms["weights"], terms["activation peak"]) == ("estimated", "estimated")
    more = overlay(Options(max_num_batched_tokens=32_768), log.stated.options)
    found = solve(open_subject(HYBRID), Question(more, "0.24.0", find_gpu("H200"), log=log))
    terms = {term.name: term.basis for term in found.answer.terms}
    assert (terms["weights"], terms["activation peak"]) == ("measured", "estimated")
    other = Question(asked, "0.24.0", find_gpu("MI300X"), log=log)
    assert solve(open_subject(HYBRID), other).answer.starts is not None
