import pytest

from tests.conftest import Drafts, Judge

STATUS = "quantization_config.quantization_status"


@pytest.mark.parametrize("status", ["frozen", "initialized", "calibration", "decompressed"])
def test_fires_on_another_status(status: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(STATUS, status)
    assert findings("Q113", broken) == [f"error config.json: {STATUS}"]


def test_fires_as_warning_on_none(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").unset("config.json", STATUS)
    assert findings("Q113", broken) == [f"warning config.json: {STATUS}"]


@pytest.mark.parametrize("status", ["done", 3, None])
def test_silent_on_what_q107_refuses(status: object, draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(STATUS, status)
    assert findings("Q113", kept) == []
    assert findings("Q107", kept) == [f"error config.json: {STATUS}"]


def test_silent_where_no_weights_are_quantized(draft: Drafts, findings: Judge) -> None:
    assert findings("Q113", draft("qwen3-kv-only").config(STATUS, "frozen")) == []
