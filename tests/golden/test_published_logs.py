"""Starts that people published, on GPUs we do not have: their options, their memory, their tokens.

The figures are those of noonghunna/club-3090 #612, #652 (an RTX 5090), #642 and #594 (two 3090).
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from release.cli.asked import answer_all
from release.fit.solve import Fit, Question, solve
from release.fit.subject import open_subject
from release.memory.logs import read_log
from release.memory.options import TABLE
from tests.conftest import ROOT
from tests.golden.test_logs import HYBRID, LOGS

EXPERTS = ROOT / "tests" / "memory" / "configs" / "Qwen3.5-35B-A3B.json"
ONE: dict[str, Any] = {
    "dtype": "bfloat16",
    "max_model_len": 131_072,
    "quantization": "modelopt",
    "kv_cache_dtype": "fp8",
    "enable_prefix_caching": True,
    "limit_mm_per_prompt": {"image": 2, "audio": 0},
    "max_num_batched_tokens": 8192,
    "max_num_seqs": 1,
}
TWO = ONE | {
    "dtype": "float16",
    "max_model_len": 262_144,
    "quantization": "auto_round",
    "tensor_parallel_size": 2,
    "kv_cache_dtype": "fp8_e5m2",
    "max_num_seqs": 2,
    "speculative_config": {"method": "mtp", "num_speculative_tokens": 3},
}
FP8 = TWO | {"dtype": "bfloat16", "quantization": "fp8", "kv_cache_dtype": "fp8"}


class Start(msgspec.Struct, frozen=True):
    """GiB for the cache, tokens and requests as vLLM 0.24 printed them for these arguments."""

    arguments: dict[str, Any]
    available: float
    tokens: int
    requests: float

    def log(self) -> str:
        """The lines of it that count."""
        length = self.arguments["max_model_len"]
        return (
            f"(APIServer pid=1) INFO 07-07 19:59:04 non-default args: {self.arguments}\n"
            "(EngineCore pid=92) INFO 07-07 19:59:32 Initializing a V1 LLM engine (v0.24.0) with\n"
            f"(Worker_TP0 pid=99) INFO 07-07 20:01:03 Available KV cache memory: {self.available}"
            f" GiB\n(EngineCore pid=92) INFO 07-07 20:01:03 GPU KV cache size: {self.tokens:,}"
            f" tokens\n(EngineCore pid=92) INFO 07-07 20:01:03 Maximum concurrency for {length:,}"
            f" tokens per request: {self.requests}x\n"
        )


@pytest.mark.parametrize(
    ("start", "experts"),
    [
        (Start(ONE, 5.98, 567_978, 4.33), True),
        (Start(ONE, 6.01, 569_878, 4.35), True),
        (Start(TWO, 11.05, 623_873, 2.38), False),
        (Start(FP8, 5.33, 300_220, 1.15), False),
    ],
)
def test_a_published_start_is_told_to_the_token(
    start: Start, experts: bool, tmp_path: Path
) -> None:
    config = HYBRID
    if experts:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(json.loads(EXPERTS.read_text())["config"]))
    found = _fit(config, start.log())
    assert (found.answer.at_least.tokens, found.answer.starts) == (start.tokens, True)
    assert round(found.answer.at_least.max_concurrency, 2) == start.requests


def test_the_command_for_a_log_names_its_quantization(tmp_path: Path) -> None:
    log = tmp_path / "vllm.log"
    log.write_text(Start(FP8, 5.33, 300_220, 1.15).log())
    given = {field: None for field, _ in TABLE.values()}
    how = {"from_log": log, "gpus": (), "available": None, "vllm": None, "audit": None}
    assert "--quantization fp8" in answer_all(HYBRID, given, how).human(color=False)


def test_memory_that_was_given_in_bytes_is_read() -> None:
    """As with --kv-cache-memory-bytes, where vLLM measures nothing."""
    plain = (LOGS / "0.24.0-h100-qwen8b-2048.log").read_text()
    kept = [line for line in plain.splitlines() if "GiB" not in line]
    # 20 GiB in blocks of 16 tokens: 36 layers of 8 heads of 128, keys and values in 16 bits.
    tokens = 20 * 2**30 // (16 * 36 * 8 * 128 * 2 * 2) * 16
    given = "Initial free memory 78.66 GiB, reserved 20.0 GiB memory for KV Cache as specified"
    log = "\n".join([*kept, given]).replace("462,736", f"{tokens:,}")
    found = _fit(LOGS / "qwen3-8b-fp8.json", log.replace("11.30x", "3.56x"))
    assert found.answer.at_least.tokens == tokens


def _fit(config: Path, text: str) -> Fit:
    log = read_log(text)
    return solve(open_subject(config), Question(log.stated.options, log.version or "", log=log))
