import pytest

from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import Draft

GROUP = "quantization_config.config_groups.group_0"
UP = "model.layers.0.mlp.up_proj"
OTHERS = ("T101", "T102", "T103", "T106", "T107", "C107")

SCHEMES = [
    "llama-nvfp4",
    "llama-mxfp4",
    "llama-mxfp8",
    "llama-fp8-static",
    "llama-fp8-dynamic",
    "llama-fp8-block",
    "llama-w8a8-int8",
    "llama-w4a16",
    "llama-w8a16",
]


@pytest.mark.parametrize("declared", SCHEMES)
@pytest.mark.parametrize("stored", SCHEMES)
def test_fires_on_each_scheme_under_the_config_of_each_other(
    stored: str, declared: str, draft: Drafts, findings: Judge
) -> None:
    quantization = draft(declared).read()["quantization_config"]
    broken = draft(stored).config("quantization_config", quantization)
    assert len(findings("T105", broken)) == (0 if stored == declared else 14)
    assert [code for code in OTHERS if findings(code, broken)] == []


def test_fires_on_another_group_size(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w4a16").config(f"{GROUP}.weights.group_size", 32)
    assert len(findings("T105", broken)) == 14


def test_fires_on_one_module_with_another_granularity(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").retype(f"{UP}.weight_scale", "BF16", [1])
    assert findings("T105", broken) == [f"error {UP}"]
    assert "FP8 per tensor; group_0 declares FP8 per channel" in _message(broken)


def test_fires_on_blocks_of_another_size(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-block").config(f"{GROUP}.weights.block_structure", [64, 64])
    assert f"error {UP}" in findings("T105", broken)


def test_silent_on_a_single_tensor_that_fits_no_scheme(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(f"{UP}.weight_scale", "F8_E4M3", [256, 4])
    assert findings("T105", broken) == []


def test_silent_on_activations_of_another_kind(draft: Drafts, findings: Judge) -> None:
    quantization = draft("llama-nvfp4").read()["quantization_config"]
    broken = draft("llama-nvfp4a16").config("quantization_config", quantization)
    assert findings("T105", broken) == []
    assert len(findings("T101", broken)) == 14  # the input scales are what is missing


def _message(broken: Draft) -> str:
    return judge_one("T105", broken.path)[0][0].message


def test_fires_on_integers_that_are_packed_under_a_plain_format(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-w4a16").config(f"{GROUP}.format", "int-quantized")
    assert len(findings("T105", broken)) == 14
    assert "as pack-quantized; group_0 declares int-quantized" in _message(broken)


def test_silent_on_a_weight_that_does_not_fit_the_config(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-block").retype(f"{UP}.weight", "F8_E4M3", [257, 128])
    assert findings("T105", broken) == []
    assert findings("C107", broken) == [f"error {UP}"]


@pytest.mark.parametrize(
    ("setting", "rule", "found"), [("hidden_size", "C106", 1), ("intermediate_size", "C107", 6)]
)
def test_silent_on_packed_integers_where_a_size_of_the_config_is_wrong(
    setting: str, rule: str, found: int, draft: Drafts, findings: Judge
) -> None:
    made = draft("llama-w4a16")
    broken = made.config(setting, made.read()[setting] * 2)
    assert findings("T105", broken) == []
    assert len(findings(rule, broken)) == found  # of two layers: gate, up and down


def test_fires_on_other_bits_alone(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w4a16").config(f"{GROUP}.weights.num_bits", 8)
    assert len(findings("T105", broken)) == 14
    assert "is stored as INT4" in _message(broken)


def test_fires_on_words_of_an_older_packing(draft: Drafts, findings: Judge) -> None:
    """compressed-tensors 0.17 put ten numbers of three bits into a word and left two free."""
    broken = draft("llama-w3a16")
    for packed in [tensor for tensor in broken.tensors() if tensor.endswith("weight_packed")]:
        rows, words = broken.shape(packed)
        broken.retype(packed, "I32", [rows, -(-words * 32 // 3 // 10)])
    assert len(findings("T105", broken)) == 14
    assert [code for code in OTHERS if findings(code, broken)] == []
