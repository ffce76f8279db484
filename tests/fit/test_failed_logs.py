"""Logs of starts that failed, of any release: the answer is no, with vLLM's own reason."""

import re

import pytest

from release.memory.logs import read_log
from release.smoke.failed import failed_start
from tests.conftest import ROOT, Run
from tests.golden.test_logs import LOGS

QWEN = LOGS / "qwen3-8b-fp8.json"
# Wording of vLLM 0.10 and 0.24, v1/worker/gpu_worker.py.
BUSY = """\
(APIServer pid=1) INFO 09-18 03:41:26 [api_server.py:1896] vLLM API server version {release}
(APIServer pid=1) INFO 09-18 03:41:26 [utils.py:328] non-default args: {{'model_tag': 'a/b', \
'max_model_len': 32768, 'gpu_memory_utilization': 0.95}}
(EngineCore_DP0 pid=272) ERROR 09-18 03:41:50 [core.py:718] EngineCore failed to start.
(EngineCore_DP0 pid=272) ERROR 09-18 03:41:50 [core.py:718] Traceback (most recent call last):
(EngineCore_DP0 pid=272) ERROR 09-18 03:41:50 [core.py:718] ValueError: Free memory on device \
({free}/23.52 GiB) on startup is less than desired GPU memory utilization (0.95, 22.34 GiB). \
Decrease GPU memory utilization or reduce GPU memory used by other processes.
(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. \
Failed core proc(s): {{}}
"""


def test_a_gpu_in_use_names_the_share_that_is_left(run: Run) -> None:
    text = BUSY.format(release="0.24.0", free="19.12")
    result = run("fit", QWEN, "--from-log", "-", stdin=text)
    assert result.returncode == 1, result.stderr
    said = " ".join(result.stdout.split())
    assert "the share of 22.34 GiB is more than the 19.12 GiB that are free at the start" in said
    assert "something else uses the GPU" in said
    changed = result.stdout.partition("This starts:")[2]
    assert "--max-model-len 32768 --gpu-memory-utilization 0.81" in changed
    assert 0.81 * 23.52 < 19.12 < 0.82 * 23.52


def test_what_is_left_may_be_too_little_for_the_weights(run: Run) -> None:
    text = BUSY.format(release="0.24.0", free="3.00")
    result = run("fit", QWEN, "--from-log", "-", stdin=text)
    assert (result.returncode, "This starts" in result.stdout) == (1, False)


def test_a_release_that_is_not_modelled_has_its_own_words(run: Run) -> None:
    text = BUSY.format(release="0.10.2", free="19.12")
    result = run("fit", QWEN, "--from-log", "-", stdin=text)
    assert (result.returncode, result.stdout) == (1, "")
    assert (
        "vLLM did not start: ValueError: Free memory on device (19.12/23.52 GiB)" in result.stderr
    )
    assert "or lower --gpu-memory-utilization to 0.81; " in result.stderr
    assert "vLLM 0.10.2 is older than what is modelled" in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0.24.0-h100-no-scheme", "Unsupported num_bits = 3"),
        ("0.24.0-h100-unknown-tensor", "KeyError: 'layers.0.mlp.down_proj.weight_scales'"),
        ("0.24.0-h100-kv-too-small", "the estimated maximum model length is 131072"),
        ("0.32.0-cpu-moe-nvfp4-no-kernel", "No NvFp4 MoE backend supports"),
    ],
)
def test_what_no_figure_explains_is_told_in_the_logs_words(run: Run, name: str, said: str) -> None:
    result = run("fit", QWEN, "--from-log", LOGS / f"{name}.log")
    assert (result.returncode, result.stdout) == (1, "")
    assert said in result.stderr


def test_an_option_that_is_asked_beside_a_failed_log_is_another_question(run: Run) -> None:
    log = LOGS / "0.24.0-h100-unknown-tensor.log"
    result = run("fit", QWEN, "--from-log", log, "--gpu", "H100")
    assert (result.stderr, "This starts" in result.stdout) == ("", True)


def test_a_log_that_ran_out_of_memory_before_its_cache_is_an_answer(run: Run) -> None:
    log = LOGS / "0.24.0-h100-out-of-memory.log"
    result = run("fit", LOGS / "27b.json", "--from-log", log)
    assert (result.returncode, "This starts" in result.stdout) == (1, True)
    text = log.read_text().replace(
        "'gpu_memory_utilization': 0.05", "'gpu_memory_utilization': 0.9"
    )
    small = run("fit", QWEN, "--from-log", "-", stdin=text)
    assert small.returncode == 1
    assert "the log ends with CUDA out of memory" in " ".join(small.stdout.split())
    fewer = run("fit", QWEN, "--from-log", "-", "--max-num-seqs", "2", stdin=text)
    assert "71.26 GiB to 71.27 GiB" in fewer.stdout


@pytest.mark.parametrize("log", sorted(LOGS.glob("0.*.log")), ids=lambda path: path.stem)
def test_a_start_that_went_on_did_not_fail(log: object) -> None:
    text = (ROOT / str(log)).read_text()
    failed = failed_start(text, read_log(text))
    names = r"no-kernel|no-scheme|too-small|enough|error|no-memory|out-of|shape|unknown|80gb|h1-def"
    names += "|gemma12b-small|-cut"
    assert (failed is not None) is (re.search(names, str(log)) is not None)


def test_a_traceback_that_is_gone_around_is_no_end() -> None:
    text = (LOGS / "0.24.0-h100-unknown-tensor.log").read_text()
    begun = (
        text[: text.index("Traceback")] + "\nTraceback (most recent call last):\nTypeError: odd\n"
    )
    assert failed_start(begun, read_log(begun)) is not None
    cut = begun + "INFO 11-25 18:30:09 [model.py:1] goes on\n"
    assert failed_start(cut, read_log(cut)) is None


@pytest.mark.parametrize("last", ["Killed", "vllm-1 exited with code 137", "Reason: OOMKilled"])
def test_a_start_that_was_killed_says_nothing_of_it_itself(run: Run, last: str) -> None:
    text = BUSY.format(release="0.24.0", free="3.00").partition("(EngineCore")[0]
    result = run("fit", QWEN, "--from-log", "-", stdin=f"{text}{last}\n")
    assert result.returncode == 1
    assert f"vLLM did not start: {last} (mostly the machine's" in result.stderr
    assert run("fit", QWEN, "--from-log", "-", stdin=text).returncode == 3
