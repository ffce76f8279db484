import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from tests.checks.card.conftest import AuditLines
from tests.conftest import ROOT

EIGHT = (
    "vllm serve acme/a --max-model-len 262144 --kv-cache-dtype fp8 --gpu-memory-utilization 0.95"
)
TABLE = "| GPU | Available for KV | Context with FP8 KV |\n| --- | --- | --- |\n"


def serve(command: str) -> str:
    return f"\n### RTX PRO 6000\n\n```bash\n{command}\n```\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("A single RTX 5090 holds 400K context.", "RTX 5090 holds at most "),
        ("Two RTX 5090s hold 40 requests of 262,144 tokens.", "RTX 5090 holds at most "),
        (
            "An RTX 5090 serves one of 65,536 tokens, an H100 80GB 50 requests of 262,144 tokens.",
            "H100 80GB holds at most ",
        ),
        ("RTX PRO 6000: 12 concurrent requests x 262K tokens", "holds at most "),
        (f"{TABLE}| RTX PRO 6000 | ~75 GiB | 262,144 tokens |", "has at most "),
        (f"{TABLE}| RTX 5090 | ~7 GiB | 524K |", "RTX 5090 holds at most "),
    ],
)
def test_fires_beyond_what_a_gpu_holds(audit: AuditLines, text: str, what: str) -> None:
    [found] = audit("K114", text)
    assert " error " in found
    assert what in found


def test_fires_where_the_figure_needs_fp8_and_the_command_has_none(audit: AuditLines) -> None:
    text = "RTX PRO 6000: 7 concurrent requests of 262K tokens with FP8 KV cache\n"
    [found] = audit("K114", text + serve("vllm serve acme/a --max-model-len 262144"))
    assert found.startswith("1 error the card's own command for it (line 12) does not do that")
    assert "with auto KV cache" in found
    assert audit("K114", text + serve(EIGHT)) == []


def test_fires_where_the_command_is_shorter_than_the_claim(audit: AuditLines) -> None:
    text = "RTX PRO 6000 serves 262K context.\n" + serve("vllm serve acme/a --max-model-len 32768")
    [found] = audit("K114", text)
    assert "holds at most 32,768 tokens of one request" in found


@pytest.mark.parametrize(
    "text",
    [
        "RTX 5090: 131K tokens of one request with an FP8 KV cache",
        "Two RTX 5090s hold 2 requests of 262,144 tokens with FP8 KV cache.",
        "An RTX 5090 serves one of 65,536 tokens, an H100 80GB 5 requests of 262,144 tokens.",
        "9 requests of 262,144 tokens on RTX 5090s",  # how many is not said
        "Calibrated on an H100 with 512 samples of 4,096 tokens.",
        "An RTX 5090 has 32 GB, 21,760 cores and costs 2,000 dollars.",
        "The model has 262K context.",
    ],
)
def test_silent_on_what_fits_and_what_is_no_claim(audit: AuditLines, text: str) -> None:
    assert audit("K114", text) == []


ROWS = "| GPU | Memory for KV | Holds tokens | Requests at once |\n| --- | --- | --- | --- |\n"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("| RTX 5090 | 2.9 GiB to 12.9 GiB | 83,285 | 1.2 of 65,536 |", "at most "),
        ("| RTX 5090 | 2.9 GiB | 983,285 | 1.2 of 65,536 |", "the cache on RTX 5090 holds "),
        ("| RTX 5090 | 2.9 GiB | 83,285 | 11.2 of 65,536 |", "requests of 65,536 tokens"),
        ("| RTX PRO 6000 | 60 GiB | 1,283,285 | 2 of 362,144 |", "takes 262,144 tokens at most"),
    ],
)
def test_fires_on_what_a_row_holds(audit: AuditLines, row: str, what: str) -> None:
    [found] = audit("K114", ROWS + row)
    assert found.startswith("3 error ")
    assert what in found


def test_silent_on_what_a_row_holds(audit: AuditLines) -> None:
    assert audit("K114", f"{ROWS}| RTX 5090 | 2.9 GiB to 6.8 GiB | 83,285 | 1.2 of 65,536 |") == []


def test_fires_on_more_requests_than_the_command_admits(audit: AuditLines) -> None:
    text = "RTX PRO 6000: 5 requests of 65,536 tokens at once\n"
    [found] = audit("K114", text + serve(f"{EIGHT} --max-num-seqs 4"))
    assert "holds at most 4.00 requests of 65,536 tokens, the card says 5" in found
    fits = "RTX PRO 6000: 5 requests of 65,536 tokens fit\n"
    assert audit("K114", fits + serve(f"{EIGHT} --max-num-seqs 4")) == []


def test_fires_on_what_stands_below_the_command(audit: AuditLines) -> None:
    below = "\nIt starts: 17.33 requests of 262,144 tokens fit.\n"
    [found] = audit("K114", serve(EIGHT) + below)
    assert found.startswith("8 error ")


def of_int8(text: str) -> list[str]:
    checkpoint = open_checkpoint(ROOT / "tests" / "checkpoints" / "llama-w8a8-int8")
    report = audit_card(Audit("README.md", f"# Llama\n\n{text}\n", checkpoint))
    return [finding.message for finding in report.findings if finding.rule == "K114"]


def test_fires_on_a_gpu_that_has_no_kernel_for_it() -> None:
    [found] = of_int8("RTX 5090: 4 requests of 1,024 tokens at once")
    assert found.startswith("it does not run on RTX 5090: ")


@pytest.mark.parametrize("gpu", ["RTX 4090", "A100 80GB", "RTX 3090", "H100 80GB"])
def test_silent_on_a_gpu_that_has_one(gpu: str) -> None:
    # No backend takes an FP8 cache on Ampere: a claim that names no cache is not of that one.
    assert of_int8(f"{gpu}: 4 requests of 1,024 tokens at once") == []
    assert of_int8(f"It runs on a single {gpu}.") == []
