"""What a child gets of our environment."""

from pathlib import Path

import pytest

from release.smoke.engine import child_environment


@pytest.mark.parametrize("name", ["HF_TOKEN", "OPENAI_API_KEY", "aws_secret_x", "DB_PASSWORD"])
def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "hf_secret")
    assert "hf_secret" not in child_environment().values()


def test_nothing_comes_from_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert child_environment()["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize(("level", "kept"), [("ERROR", "INFO"), ("debug", "debug"), ("", "INFO")])
def test_the_log_says_enough(monkeypatch: pytest.MonkeyPatch, level: str, kept: str) -> None:
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", level)
    monkeypatch.setenv("VLLM_LOGGING_PREFIX", "[host] ")
    monkeypatch.setenv("VLLM_LOGGING_CONFIG_PATH", "logging.json")
    environment = child_environment()
    assert environment["VLLM_LOGGING_LEVEL"] == kept
    assert not environment["VLLM_LOGGING_PREFIX"]
    assert "VLLM_LOGGING_CONFIG_PATH" not in environment


def test_our_plugin_is_among_those_that_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_PLUGINS", "lora_resolver")
    assert child_environment()["VLLM_PLUGINS"] == "lora_resolver,release_smoke"
    monkeypatch.delenv("VLLM_PLUGINS")
    assert "VLLM_PLUGINS" not in child_environment()


def test_ours_comes_first_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/the/user")
    assert child_environment(tmp_path)["PYTHONPATH"] == f"{tmp_path}:/of/the/user"
