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
