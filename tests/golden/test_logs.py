"""Our figures against those that vLLM printed on real GPUs, given the memory it printed."""

import json
from pathlib import Path

import msgspec
import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.fit.solve import Fit, Question, solve
from release.fit.subject import open_subject
from release.memory.gpus import find_gpu
from release.memory.logs import EngineLog, available_range, read_log
from release.memory.options import Options
from release.memory.pool import Pool, plan_pool
from release.memory.serving import Serving
from release.memory.versions import NEWEST
from release.units import GIB

LOGS = Path(__file__).parent / "logs"
HYBRID = LOGS / "27b.json"


def pool_of(config: Path, serving: Serving) -> Pool:
    parsed = ModelConfig(json.loads(config.read_text()))
    architecture = derive_architecture(parsed)
    assert isinstance(architecture, Architecture)
    pool = plan_pool(parsed, architecture, serving)
    assert isinstance(pool, Pool)
    return pool


def fit_of(name: str, config: Path = HYBRID) -> tuple[EngineLog, Fit]:
    log = read_log((LOGS / f"{name}.log").read_text())
    question = Question(log.stated.options, log.version or NEWEST, log=log)
    return log, solve(open_subject(config), question)


# From the files' own last lines; blocks are num_gpu_blocks as the engine gave them to its caller.
@pytest.mark.parametrize(("name", "blocks"), [("27b-a", 2048), ("27b-b", 2050), ("27b-c", 119)])
def test_a_start_on_the_h200_is_told_to_the_token(name: str, blocks: int) -> None:
    log, fit = fit_of(name)
    assert (log.version, log.stated.model) == ("0.24.0", ".whl/27b")
    assert fit.answer.at_least.num_blocks == blocks
    assert fit.answer.at_least.tokens == log.tokens
    assert round(fit.answer.at_least.max_concurrency, 2) == log.concurrency
    assert fit.answer.at_least.max_model_len == log.length
    assert fit.answer.starts


# Dummy weights behind real configs; the last column is num_gpu_blocks times block_size.
STARTS = [
    ("qwen8b-2048", "qwen3-8b-fp8", 28_921 * 16),
    ("qwen8b-16384", "qwen3-8b-fp8", 28_218 * 16),
    ("qwen8b-1024seqs", "qwen3-8b-fp8", 57_242 * 16),
    ("llama8b-graphs", "llama-3.1-8b", 28_934 * 16),
    ("v2lite", "deepseek-v2-lite", 90_974 * 16),
    ("v2lite-fp8", "deepseek-v2-lite", 45_975 * 64),
    ("gptoss20b", "gpt-oss-20b-bf16", 87_687 * 16),
    ("gemma12b", "gemma-3-12b", 7_669 * 16),
    ("27b-31gib-eager", "27b", 164 * 1568),
    ("27b-align", "27b", 741 * 784),
    ("27b-31gib-16seqs", "27b", 118 * 1568),
    ("tp2-qwen8b", "qwen3-8b-fp8", 61_558 * 16),
    ("tp2-v2lite", "deepseek-v2-lite", 1_962_448),  # stopped before it said how many blocks
    ("tp2-gemma12b", "gemma-3-12b", 116_250 * 16),
    ("tp2-27b", "27b", 2_517 * 1568),
    ("pp2-llama8b", "llama-3.1-8b", 66_010 * 16),
    ("qwen3-30b", "qwen3-30b-a3b-fp8", 26_937 * 16),
    ("qwen3-30b-fp8kv", "qwen3-30b-a3b-fp8", 43_871 * 16),
    ("falconh1", "falcon-h1-7b", 822 * 1568),
    ("lfm2-8b", "lfm2-8b-a1b", 300_301 * 16),
    ("nano30b", "nemotron-3-nano-30b", 1_095 * 2096),
    ("codestral-mamba", "mamba-codestral-7b", 442),
    ("scout12", "llama-4-scout-12", 86_415 * 16),
    ("kimi12-eager", "kimi-linear-12", 428 * 1888),
    ("27b-mtp-eager", "27b", 913 * 800),
    ("qwen3-vl-8b", "qwen3-vl-8b", 23_930 * 16),
    ("minimax14-fp8kv", "minimax-m2.5-14", 42_679 * 16),
    ("jamba16", "jamba-16", 35_633 * 80),
    ("qwen35-35b-eager", "qwen3.5-35b-fp8", 1_692 * 1056),
]

# The same of an H200, of families that were predicted before they ran.
STARTS_H200 = [
    ("command-r7b", "command-r7b", 240_131 * 16),
    ("gemma-2-9b", "gemma-2-9b", 42_630 * 16),
    ("exaone4-32b", "exaone4-32b", 96_078 * 16),
    ("phi-3.5-mini", "phi-3.5-mini", 42_680 * 16),
    ("ernie-21b", "ernie-4.5-21b-int8", 124_045 * 16),
    ("nemotron-h-56b", "nemotron-h-56b", 443 * 4128),
    ("seed-oss-36b", "seed-oss-36b", 53_947 * 16),
    ("mixtral", "mixtral-8x7b-fp8", 41_563 * 16),
]
EVERY = [
    *((f"0.24.0-h100-{name}", config, slots) for name, config, slots in STARTS),
    *((f"0.24.0-h200-{name}", config, slots) for name, config, slots in STARTS_H200),
]


@pytest.mark.parametrize(("name", "config", "slots"), EVERY, ids=[name for name, _, _ in EVERY])
def test_a_start_is_told_to_the_token(name: str, config: str, slots: int) -> None:
    log, fit = fit_of(name, LOGS / f"{config}.json")
    # A model of states alone has one for each sequence, however many tokens.
    assert fit.answer.at_least.num_blocks * (fit.answer.block_size or 1) == slots
    assert fit.answer.at_least.tokens == log.tokens
    assert round(fit.answer.at_least.max_concurrency, 2) == log.concurrency
    assert fit.answer.starts


def test_groups_that_two_gpus_would_share_are_refused_as_vllm_refused_them() -> None:
    name = "0.24.0-h200-tp2-w4a16-cut"
    text = (LOGS / f"{name}.log").read_text()
    assert "assert input_size_per_partition % group_size == 0" in text
    log = read_log(text)
    question = Question(log.stated.options, "0.24.0", find_gpu("H200"))
    fit = solve(open_subject(LOGS / "qwen2.5-72b-4.json"), question)
    assert fit.answer.starts is False
    assert "29,568 columns over 2 GPUs are 14,784 on each, no whole groups of 128" in fit.answer.why


DIED = ("dsv3-fp8kv-out-of-memory", "deepseek-v3-5", 204_402 * 64)


def test_a_start_that_died_of_memory_after_it_had_its_cache_does_not_start() -> None:
    name, config, slots = DIED
    log, fit = fit_of(f"0.24.0-h100-{name}", LOGS / f"{config}.json")
    assert (log.kernel_block, fit.answer.block_size) == (64, 64)
    assert fit.answer.at_least.num_blocks * 64 == slots == log.tokens
    assert (fit.answer.starts, fit.answer.binds) == (False, "GPU memory")
    assert "out of memory" in fit.answer.why


def test_a_start_like_one_that_died_of_memory_may_start() -> None:
    name, config, _ = DIED
    log = read_log((LOGS / f"0.24.0-h100-{name}.log").read_text())
    subject = open_subject(LOGS / f"{config}.json")
    for gpu, options, starts in (
        ("H100", log.stated.options, None),
        ("H200", log.stated.options, True),
        ("H100", msgspec.structs.replace(log.stated.options, enforce_eager=True), True),
        ("H100", msgspec.structs.replace(log.stated.options, gpu_memory_utilization=0.8), True),
    ):
        answer = solve(subject, Question(options, "0.24.0", find_gpu(gpu))).answer
        assert answer.starts is starts
        assert ("8.00 GiB more when the cache is there" in answer.why) is (starts is None)


AUTO = [
    ("27b-c", "27b", 262_144, 181_888),
    ("0.24.0-h100-gemma12b", "gemma-3-12b", 131_072, 76_544),
    ("0.24.0-h100-27b-31gib-eager", "27b", 262_144, 252_448),
    ("0.24.0-h100-27b-31gib-16seqs", "27b", 262_144, 180_320),
]


@pytest.mark.parametrize(("name", "config", "before", "after"), AUTO)
def test_auto_finds_the_length_that_vllm_found(
    name: str, config: str, before: int, after: int
) -> None:
    log, fit = fit_of(name, LOGS / f"{config}.json")
    assert (log.fitted_from, log.fitted_to) == (before, after)
    assert fit.answer.at_least.longest_request == after


def test_a_length_that_did_not_fit_is_refused_as_vllm_refused_it() -> None:
    log, fit = fit_of("0.24.0-h100-gemma12b-small", LOGS / "gemma-3-12b.json")
    assert (fit.answer.starts, fit.answer.binds) == (False, "KV cache")
    assert round(fit.answer.needed_bytes / GIB, 2) == log.needed_gib == 8.94
    # Two decimals of the memory leave some blocks open.
    longest = [fit.pool.longest(size, 131_072) for size in fit.answer.available_range]
    assert longest[0] <= (log.longest or 0) == 39_856 <= longest[1]


@pytest.mark.parametrize(
    ("name", "config", "blocks", "tokens"),
    [
        ("27b-80gb-defaults", "27b", 943, 731_366),
        ("falconh1-defaults", "falcon-h1-7b", 821, 1_266_001),
    ],
)
def test_more_sequences_than_state_blocks_are_refused_as_vllm_refused_them(
    name: str, config: str, blocks: int, tokens: int
) -> None:
    log, fit = fit_of(f"0.24.0-h100-{name}", LOGS / f"{config}.json")
    assert log.state_blocks == fit.answer.at_least.num_blocks == blocks
    assert (fit.answer.starts, fit.answer.binds) == (False, "state blocks")
    assert fit.answer.at_least.tokens == log.tokens == tokens


@pytest.mark.parametrize(("name", "block"), [("27b-a", 784), ("27b-b", 1568), ("27b-c", 1568)])
def test_the_block_is_the_one_that_vllm_sets(name: str, block: int) -> None:
    log, fit = fit_of(name)
    assert log.block == fit.answer.block_size == block


# github.com/vllm-project/recipes, Qwen3.8-27B.yaml and its pull request 810: RTX 5090 cards, the
# same architecture; tokens as printed, blocks by length as they divide.
PUBLISHED = [
    ("fp8 cache, eager", 1, "fp8", 32_768, 75, 91_022),
    ("text only", 1, "fp8", 32_768, 112, 135_926),
    ("text only, 8 sequences", 1, "fp8", 32_768, 126, 152_917),
    ("text only, bf16 cache", 1, "bfloat16", 32_768, 112, 76_458),
    ("two cards, FP8 weights", 2, "bfloat16", 262_144, 491, 377_456),
    ("two cards, NVFP4 weights", 2, "bfloat16", 262_144, 580, 445_875),
    ("two cards, NVFP4 weights, fp8 cache", 2, "fp8", 262_144, 611, 920_517),
]


@pytest.mark.parametrize(
    ("ranks", "dtype", "length", "blocks", "tokens"),
    [case[1:] for case in PUBLISHED],
    ids=[case[0] for case in PUBLISHED],
)
def test_published_figures_are_ours(
    ranks: int, dtype: str, length: int, blocks: int, tokens: int
) -> None:
    serving = Serving(tensor_parallel_size=ranks, kv_cache_dtype=dtype)
    pool = pool_of(HYBRID, serving)
    assert pool.tokens(blocks * pool.bytes_per_block[0], length) == tokens


def test_a_published_refusal_is_ours() -> None:
    """vLLM 0.27.1, RTX 5090: 204,800 tokens need 6.56 GiB of 5.42; 167,776 would fit."""
    text = """
    INFO [gpu_worker.py:508] Available KV cache memory: 5.42 GiB
    ValueError: To serve at least one request with the model's max seq len (204800), (6.56 GiB KV
     cache is needed, which is larger than the available KV cache memory (5.42 GiB). Based on the
     available memory, the estimated maximum model length is 167776. Try increasing
    """
    log = read_log(" ".join(text.split()))
    assert (log.needed_gib, log.available_for_it_gib, log.longest) == (6.56, 5.42, 167_776)
    pool = pool_of(HYBRID, Serving(vllm="0.27.1", kv_cache_dtype="fp8"))
    measured = available_range(log)
    assert measured is not None
    assert round(pool.needed(204_800) / 2**30, 2) == 6.56
    assert pool.longest(measured[0], 262_144) == 167_776
    assert pool.tokens(112 * pool.bytes_per_block[0], 163_840) == 165_316


def test_state_blocks_are_counted_as_vllm_does() -> None:
    """vllm-project/vllm#49064: 1024 sequences exceed 969 blocks on an H100 80GB, vLLM 0.28."""
    subject = open_subject(HYBRID)
    size = pool_of(HYBRID, Serving(vllm="0.28.0")).bytes_per_block[0]
    options = Options(max_num_seqs=1024, max_model_len=262_144)
    question = Question(options, "0.28.0", available=969 * size)
    fit = solve(subject, question)
    assert fit.answer.starts is False
    assert "max_num_seqs (1,024) exceeds the 969 blocks" in fit.answer.why


def test_a_log_of_another_gpu_says_nothing_of_the_one_that_is_named() -> None:
    log = read_log((LOGS / "0.24.0-h100-llama8b-graphs.log").read_text())
    subject = open_subject(LOGS / "llama-3.1-8b.json")
    small, own = (
        solve(subject, Question(log.stated.options, "0.24.0", find_gpu(gpu), log=log))
        for gpu in ("L4", "H100")
    )
    assert small.answer.at_most.available_bytes < 10 * GIB
    assert own.answer.at_least.available_bytes > 50 * GIB
    assert [term.basis for term in small.answer.terms if term.name == "weights"] == ["measured"]


def test_a_log_of_something_else_has_no_figures() -> None:
    log = read_log("using FlashAttention version 3\nnon-default args: {'model': <x>, 'a': f(1)}\n")
    assert (log.version, log.tokens, log.available_gib) == (None, None, None)
    assert available_range(log) is None


def test_each_pipeline_stage_needs_what_its_own_layers_do() -> None:
    """Of 32 layers on 5 stages the first has 6: its need is what vLLM's error names."""
    pool = pool_of(LOGS / "llama-3.1-8b.json", Serving(pipeline_parallel_size=5))
    held = [size for size, _ in pool.stage_needs(8192)]
    whole, _ = pool_of(LOGS / "llama-3.1-8b.json", Serving()).stage_needs(8192)[0]
    assert [size * 32 // whole for size in held] == [6, 6, 7, 7, 6]
    assert pool.needed(8192) == max(needed for _, needed in pool.stage_needs(8192))
    refused = EngineLog(available_for_it_gib=0.1, needed_gib=round(held[0] / GIB, 2))
    question = Question(Options(None, 5, max_model_len=8192), NEWEST, log=refused)
    assert solve(open_subject(LOGS / "llama-3.1-8b.json"), question).answer.starts is False
