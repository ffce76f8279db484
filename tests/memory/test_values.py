"""What vLLM refuses of the options that decide nothing about memory."""

import re

import pytest

from release.errors import ReleaseError
from release.memory.command import parse_command
from release.memory.values import refused_values
from release.memory.versions import NEWEST, parse_version


def refused(options: str, vllm: str = NEWEST) -> list[str]:
    command = parse_command(f"vllm serve x {options}")
    return [why for _, why in refused_values(command.written, parse_version(vllm))]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--port abc", "--port: 'abc' is no whole number"),
        ("--port=80.5", "--port: '80.5' is no whole number"),
        ("--watermark x", "--watermark: 'x' is no number"),
        ("--watermark 1.5", "--watermark: '1.5' is out of range"),
        ("--stream-interval 0", "--stream-interval: '0' is out of range"),
        ("--served-model-name", "--served-model-name has no value"),
        ("--host --port 80", "--host has no value"),
        ("--enable-mamba-cache-stochastic-rounding", "needs --mamba-ssm-cache-dtype"),
        ("--mm-processor-kwargs '{\"a\":1'", "is no JSON"),
        ("--scheduling-policy lifo", "'lifo' is not one of fcfs, priority"),
        ("--compilation-config '{\"level\":3}'", "knows no 'level' in it"),
        ("--compilation-config.full_cuda_graph true", "knows no 'full_cuda_graph' in it"),
        ("-cc.level 3", "--compilation-config.level: vLLM"),
        ("--kernel-config 7", "'7' is no JSON object"),
        ("--linear-backend machete9", " others"),
        ("--enable-auto-tool-choice", "--enable-auto-tool-choice needs --tool-call-parser"),
        ("--enable-auto-tool-choice --tool-call-parser hermess", "is not one of hermes, "),
        ("--reasoning-parser qwen33", "is not one of qwen3, "),
        ("--enable-log-outputs", "needs --enable-log-requests"),
        ("--enable-per-request-metrics --disable-log-stats", "does not go with"),
    ],
)
def test_what_vllm_refuses_is_told_in_one_line(options: str, why: str) -> None:
    told = refused(options)
    assert len(told) == 1
    assert why in told[0]


@pytest.mark.parametrize(
    "options",
    [
        "--port 8000 --host 0.0.0.0 --served-model-name a b --trust-remote-code",
        "--port $PORT --seed <seed> --api-server-count {{count}} --max-logprobs {n}",
        "--enable-auto-tool-choice --tool-call-parser hermes --reasoning-parser qwen3",
        "--enable-auto-tool-choice --tool-call-parser own --tool-parser-plugin own.py",
        "--tool-call-parser own",
        "--reasoning-parser own --reasoning-parser-plugin own.py",
        "--moe-backend deep-gemm --linear-backend FLASHINFER_CUTLASS",
        '--compilation-config \'{"cudagraph_mode":"NONE"}\' -cc.pass-config.fuse_norm_quant true',
        "--mm-processor-kwargs '{\"max_pixels\":1}' --additional-config '{}'",
        "--long-prefill-token-threshold 2048 --watermark 0.01 --stream-interval=8",
        "--enable-log-outputs --enable-log-requests",
    ],
)
def test_what_vllm_takes_is_not_refused(options: str) -> None:
    assert refused(options) == []


def test_names_and_keys_are_those_of_the_newest_release_only() -> None:
    options = "--scheduling-policy lifo --compilation-config '{\"level\":3}'"
    assert refused(options, "0.20.0") == []
    assert refused("--port abc", "0.20.0") == ["--port: 'abc' is no whole number"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--limit-mm-per-prompt '{\"image\":-1}'", "'image' cannot be -1"),
        ("--limit-mm-per-prompt.image x", "'image' cannot be 'x'"),
        ("--compilation-config '{\"cudagraph_capture_sizes\":[]}'", "has no size"),
        ("--distributed-executor-backend foo", "not one of external_launcher, mp, ray, uni"),
    ],
)
def test_values_of_the_plan_are_read_as_vllm_reads_them(options: str, why: str) -> None:
    with pytest.raises(ReleaseError, match=re.escape(why)):
        parse_command(f"vllm serve x {options}")
    parse_command("vllm serve x --distributed-executor-backend my.module.Executor")
