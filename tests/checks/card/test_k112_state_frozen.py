import pytest

from tests.checks.card.conftest import AuditLines


@pytest.mark.parametrize(
    "text",
    [
        "| OOM | vllm-project/vllm#36599 | Open |",
        "Needs the upcoming fix ([#36325](https://github.com/vllm-project/vllm/pull/36325)).",
        "https://github.com/vllm-project/vllm/pull/36325 is merged, not released",
    ],
)
def test_fires_on_a_state_without_a_day(audit: AuditLines, text: str) -> None:
    [found] = audit("K112", text)
    assert found.startswith("1 warning calls ")


@pytest.mark.parametrize(
    "text",
    [
        "Open as of 2026-11-25: vllm-project/vllm#36599",
        "Fixed in vLLM 0.20.0 ([details](https://github.com/vllm-project/vllm/pull/38981))",
        "An open model.",
    ],
)
def test_silent_where_there_is_a_day_or_no_state(audit: AuditLines, text: str) -> None:
    assert audit("K112", text) == []
