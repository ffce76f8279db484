"""Checkpoints of other tools: what they take on a GPU, as far as config or files say it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from release.fit.solve import Question, solve
from release.fit.subject import NotEstimated, Subject, open_subject
from release.memory.gpus import find_gpu
from release.quantization.foreign import translate_foreign
from release.units import GIB
from tests.conftest import ROOT

CHECKPOINTS = ROOT / "tests" / "checkpoints"


AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": True, "desc_act": False}


def bare(folder: Path, name: str, declared: dict[str, Any]) -> Subject:
    """A checkpoint's config alone, with another tool's declaration."""
    raw = json.loads((CHECKPOINTS / name / "config.json").read_text())
    path = folder / "config.json"
    path.write_text(json.dumps(raw | {"quantization_config": declared}))
    return open_subject(path)


def weights(subject: Subject) -> int:
    fit = solve(subject, Question(gpu=find_gpu("B200")))
    return next(term.low for term in fit.answer.terms if term.name == "weights")


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        (
            "llama-fp8-block",
            {
                "quant_method": "fp8",
                "activation_scheme": "dynamic",
                "weight_block_size": [128, 128],
            },
        ),
        (
            "llama-nvfp4",
            {
                "quant_method": "modelopt",
                "quant_algo": "NVFP4",
                "ignore": ["lm_head"],
                "kv_cache_scheme": {"num_bits": 8, "type": "float", "dynamic": False},
            },
        ),
        ("llama-w4a16-asym", AWQ),
        ("llama-w4a16", GPTQ),
        ("llama-w4a16-asym", GPTQ | {"sym": False}),
    ],
)
def test_another_tool_s_config_takes_what_ours_takes(
    tmp_path: Path, name: str, declared: dict[str, Any]
) -> None:
    shutil.copy(CHECKPOINTS / name / "config.json", tmp_path / "ours.json")
    theirs = bare(tmp_path, name, declared)
    assert weights(theirs) == weights(open_subject(tmp_path / "ours.json"))
    assert theirs.traits.calibrated is ("kv_cache_scheme" in declared)


@pytest.mark.parametrize(
    "declared",
    [
        {"quant_method": "awq"},
        AWQ | {"version": "gemv"},
        GPTQ | {"bits": 3},
        GPTQ | {"dynamic": {"-:.*": {}}},
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {"quant_method": "fp8"},
        {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [1, 32]},
        {"quant_method": "modelopt", "quant_algo": "W4A8_AWQ"},
        {"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": "NVFP4"},
        {"quant_method": None},
    ],
)
def test_what_is_not_known_of_another_tool_is_said(
    tmp_path: Path, declared: dict[str, Any]
) -> None:
    assert translate_foreign({"quantization_config": declared}) is None
    with pytest.raises(NotEstimated, match=r"not compressed-tensors.*only its files say"):
        weights(bare(tmp_path, "llama-nvfp4", declared))


def test_modules_that_are_not_converted_are_not() -> None:
    declared = {"quant_method": "fp8", "activation_scheme": "static"}
    told = translate_foreign(
        {"quantization_config": declared | {"modules_to_not_convert": ["model.layers.0.mlp.gate"]}}
    )
    assert told is not None
    assert told.ignore == ("lm_head", r"re:(.*\.)?model\.layers\.0\.mlp\.gate(\..*)?$")
    assert told.problems == ()
    glob = {"quant_method": "modelopt", "quant_algo": "FP8", "exclude_modules": ["*.self_attn*"]}
    told = translate_foreign({"quantization_config": glob})
    assert told is not None
    assert told.problems == ()


def test_files_of_another_tool_are_weighed_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "gptq"
    shutil.copytree(CHECKPOINTS / "llama-w4a16", folder)
    exact = weights(open_subject(folder))
    path = folder / "config.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"quantization_config": {"quant_method": "gptq"}}))
    assert weights(open_subject(folder)) == exact


# What starts of gpt-oss on one A100 and one H100 printed as loaded, in GiB.
@pytest.mark.parametrize(("name", "loaded"), [("gpt-oss-20b", 13.72), ("gpt-oss-120b", 65.96)])
def test_experts_in_mxfp4_are_padded_to_what_kernels_take(
    tmp_path: Path, name: str, loaded: float
) -> None:
    raw = json.loads((ROOT / "tests" / "memory" / "configs" / f"{name}.json").read_text())["config"]
    kept = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens"]
    declared = {"quant_method": "mxfp4", "modules_to_not_convert": [*kept, "lm_head"]}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(raw | {"quantization_config": declared}))
    fit = solve(open_subject(path), Question(gpu=find_gpu("H100")))
    [term] = [term for term in fit.answer.terms if term.name == "weights"]
    assert term.low < loaded * GIB < term.high < 1.11 * term.low
