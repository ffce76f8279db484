import pytest

from tests.checks.card.conftest import AuditLines

TABLE = "| Task | n | Base | This |\n| --- | ---: | ---: | ---: |\n| GSM8K | 1319 | 95.1 | 94.8 |\n"


@pytest.mark.parametrize("text", ["It recovers 99.8% of the base.", "99.7% recovery on average"])
def test_fires_on_a_bare_claim(audit: AuditLines, text: str) -> None:
    [found] = audit("K107", text)
    assert found.startswith("1 warning claims ")
    assert "without the harness, the base model's scores, n or an error" in found


def test_fires_where_the_base_is_missing(audit: AuditLines) -> None:
    text = "99.8% recovery by lm-eval:\n\n" + TABLE.replace("Base", "Score")
    assert audit("K107", text) == [
        "1 warning claims '99.8% recovery by lm-eval:' without the base model's scores"
    ]


def test_silent_with_evidence_and_without_a_claim(audit: AuditLines) -> None:
    assert audit("K107", f"Run with lm-eval: 99.7% recovery.\n\n{TABLE}") == []
    assert audit("K107", "It was not evaluated. MLP has 50% NVFP4.\n") == []
    assert (
        audit("K107", "It keeps 95% of the original (lm-eval, n = 500, base 0.80, ours 0.76).")
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "It is 2x faster than BF16.",
        "Up to 1.8 × faster decoding on an H100.",
        "30% higher throughput.",
        "Speedups of up to 2.3 were seen.",
        "Three kernels: 1.5x speedup.",
    ],
)
def test_fires_on_speed_that_nobody_timed(audit: AuditLines, text: str) -> None:
    [found] = audit("K107", text)
    assert found.startswith("1 warning claims ")
    assert found.endswith("without a time, a rate or its benchmark")


@pytest.mark.parametrize(
    "text",
    [
        "2x faster than BF16: 5,120 against 2,540 tokens/s by `vllm bench throughput`.",
        "NVFP4 is 4x smaller than BF16, and needs 50% less memory.",
        "Use fast tokenizers; 2 times a week.",
        "It may be faster on Blackwell.",
    ],
)
def test_silent_on_what_was_timed_and_what_is_no_speed(audit: AuditLines, text: str) -> None:
    assert audit("K107", text) == []
