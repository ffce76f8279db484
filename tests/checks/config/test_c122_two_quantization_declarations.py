import pytest

from tests.conftest import Judge
from tests.mutate import Draft

NESTED = "text_config.quantization_config"


@pytest.mark.parametrize(
    "file", ["hf_quant_config.json", "quantize_config.json", "quant_config.json"]
)
def test_fires_on_the_file_of_another_tool(file: str, mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(file, '{"quantization": {"quant_algo": "NVFP4"}}')
    assert findings("C122", broken) == [f"error {file}"]


@pytest.mark.parametrize("path", [NESTED, "compression_config"])
def test_fires_when_a_second_one_disagrees(path: str, mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(path, {"quant_method": "fp8"})
    assert findings("C122", broken) == [f"error config.json: {path}"]


@pytest.mark.parametrize("path", [NESTED, "compression_config"])
def test_silent_when_the_second_is_the_same(path: str, mixed: Draft, findings: Judge) -> None:
    assert findings("C122", mixed.config(path, mixed.read()["quantization_config"])) == []


def test_silent_when_it_is_declared_in_the_text_config_alone(mixed: Draft, findings: Judge) -> None:
    kept = mixed.config(NESTED, mixed.read()["quantization_config"])
    assert findings("C122", kept.unset("config.json", "quantization_config")) == []
