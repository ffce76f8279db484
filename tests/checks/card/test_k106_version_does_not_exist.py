import pytest

from tests.checks.card.conftest import AuditLines


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Made with llm-compressor v0.10.1.", "llmcompressor 0.10.1 was never released"),
        ("| Tool | llmcompressor 0.10.1 |", "llmcompressor 0.10.1 was never released"),
        ('`pip install "transformers==5.0.7"`', "transformers 5.0.7 was never released"),
        ("vLLM version 0.27.3", "vllm 0.27.3 was never released"),
        ("compressed-tensors (0.15.9)", "compressed-tensors 0.15.9 was never released"),
    ],
)
def test_fires_on_a_release_that_there_is_not(audit: AuditLines, text: str, what: str) -> None:
    [found] = audit("K106", text)
    assert found.startswith(f"1 error {what}")


@pytest.mark.parametrize(
    "text",
    [
        "Needs vLLM >= 0.17.0.",
        "vLLM 0.17.0 or newer",
        "vllm 0.17+",
        "`pip install vllm==0.17.0`",
        "`docker run vllm/vllm-openai:v0.17.0 --model acme/a`",
    ],
)
def test_fires_on_one_that_is_too_old_for_it(audit: AuditLines, text: str) -> None:
    [found] = audit("K106", text)
    assert found.startswith("1 warning vllm 0.17")
    assert found.endswith("cannot read this checkpoint")


@pytest.mark.parametrize(
    "text",
    [
        "llm-compressor 0.10.0.4, compressed-tensors 0.19.0, transformers 5.17",
        "vLLM 0.99.0 will have it",  # newer than what was looked up
        "vllm 0.32.1rc1 and 0.25.0.dev3",
        "`pip install vllm==0.32.0`",
        "A bug was seen with vLLM 0.17.0.",
        "a bug of vLLM >=0.17,<0.20",
        "RTX 4090 with vLLM, 0.5 s",
        "Qwen3.5 in transformers",
    ],
)
def test_silent_on_releases_that_exist_and_on_what_is_none(audit: AuditLines, text: str) -> None:
    assert audit("K106", text) == []
