"""Tables of a config.json without weights: computed, and said to be."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from release.checkpoint.bare import open_bare
from release.fit.subject import weighed_facts
from tests.conftest import CHECKPOINTS, DEMO, Run
from tests.golden.test_logs import HYBRID


def tables(run: Run, *args: object) -> dict[str, Any]:
    result = run("tables", *args, "--format", "json")
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_bare_config_gives_the_weights_it_implies(run: Run, tmp_path: Path) -> None:
    bare = tables(run, HYBRID)
    assert bare["computed"] == "computed from config.json: there are no weights"
    # The published card of this config says 25 GB: 11.4 MLP, 5.6 DeltaNet, 0.8 scales.
    assert bare["weights"]["total_bytes"] == 25_178_250_848
    sizes = {part["name"]: part["bytes"] for part in bare["weights"]["components"]}
    assert sum(sizes.values()) == bare["weights"]["total_bytes"]
    assert round(sizes["MLP"] / 1e9, 1) == 11.4
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(HYBRID, folder / "config.json")
    only = tables(run, folder)
    assert (only["weights"], only["kv"]) == (bare["weights"], bare["kv"])


def test_computed_weights_are_those_of_the_files(run: Run, tmp_path: Path) -> None:
    stored = tables(run, DEMO)
    assert "computed" not in stored
    config = tmp_path / "config.json"
    shutil.copy(DEMO / "config.json", config)
    computed = tables(run, config)
    assert computed["weights"]["components"] == stored["weights"]["components"]


def test_implied_tensors_are_a_mapping_by_their_whole_names() -> None:
    facts = weighed_facts(open_bare(HYBRID))
    tensors = facts.get("tensors")
    assert len(tensors) == len(list(tensors)) == len(set(tensors)) > len(facts.get("modules"))
    name = "model.language_model.layers.0.mlp.down_proj.weight"
    assert tensors[name].shape == (5120, 17408)
    assert name in tensors
    assert f"{name}s" not in tensors
    assert "nothing.weight" not in tensors


def test_each_gpu_of_two_holds_what_fit_says(run: Run) -> None:
    each = tables(run, HYBRID, "-tp", 2)["each_gpu"]
    asked = ("--gpu", "H200", "--tensor-parallel-size", "2", "--max-num-seqs", "64")
    fit = json.loads(run("fit", HYBRID, *asked, "--format", "json").stdout)
    weights = next(term for term in fit["terms"] if term["name"] == "weights")
    assert each["total_bytes"] == weights["low"] == sum(each["components"].values())
    result = run("tables", HYBRID, "-tp", 2)
    assert "Weights on each of 2 GPUs" in result.stdout


def test_gpus_that_cannot_share_the_heads_are_a_finding(run: Run) -> None:
    result = run("tables", HYBRID, "-tp", 5)
    assert result.returncode == 1
    assert "24 attention heads cannot be split over 5 GPUs" in result.stdout


def test_tables_that_know_no_weights_are_no_success(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"model_type": "never_heard_of"}')
    for more in ((), ("-tp", 2)):
        result = run("tables", config, *more)
        assert result.returncode == 3
        assert "model_type 'never_heard_of' is not one we know" in result.stdout


@pytest.mark.parametrize("text", ["[]", "{", '{"model_type": 5}', ""])
def test_what_is_no_config_is_one_line(run: Run, tmp_path: Path, text: str) -> None:
    config = tmp_path / "config.json"
    config.write_text(text)
    for command in (("tables",), ("fit", "--available", "7GiB")):
        result = run(command[0], config, *command[1:])
        assert "Traceback" not in result.stderr
        assert result.returncode in {0, 2, 3}
        assert len(result.stderr.splitlines()) <= 2


def test_the_cache_is_known_where_the_quantization_is_not(run: Run, tmp_path: Path) -> None:
    raw = json.loads(HYBRID.read_text())
    raw["quantization_config"] = {"quant_method": "bitsandbytes"}
    config = tmp_path / "config.json"
    config.write_text(json.dumps(raw))
    found = json.loads(run("fit", config, "--available", "60GiB", "--format", "json").stdout)
    assert found["starts"] is True
    assert any("bitsandbytes" in line for line in found["assumptions"])
    result = run("fit", config, "--gpu", "H200")
    assert result.returncode == 3
    assert "not estimated: quant_method 'bitsandbytes'" in result.stderr


def test_what_a_multimodal_config_leaves_out_is_its_class_s(run: Run, tmp_path: Path) -> None:
    """Gemma 3 4B states of its text model five numbers: no heads, no vocabulary, no length."""
    text = {"hidden_size": 2560, "intermediate_size": 10_240, "num_hidden_layers": 34}
    rope = {"rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps({"model_type": "gemma3", "text_config": text | rope, "dtype": "bfloat16"})
    )
    found = json.loads(run("fit", config, "--available", "12GiB", "--format", "json").stdout)
    assert (found["max_model_len"], found["blocks_per_request"]) == (131_072, 10_118)
    assert found["tokens"] == 509_377  # as vLLM plans it
    assert "One request of 131,072 tokens" in run("tables", config, "--format", "markdown").stdout


@pytest.mark.parametrize(("stated", "head"), [(None, True), (False, True), (True, False)])
def test_a_head_is_tied_where_the_text_config_alone_says_so(
    stated: bool | None, head: bool, run: Run, tmp_path: Path
) -> None:
    config = json.loads((CHECKPOINTS / "mistral3-fp8" / "config.json").read_text())
    for settings in (config, config["text_config"]):
        settings.pop("tie_word_embeddings", None)
    if stated is not None:
        config["text_config"]["tie_word_embeddings"] = stated
    (tmp_path / "config.json").write_text(json.dumps(config))
    names = {part["name"] for part in tables(run, tmp_path)["weights"]["components"]}
    assert ("lm_head" in names) is head
