"""`release verify --base`, as a user runs it."""

import json
from pathlib import Path

from tests.conftest import BASES, CHECKPOINTS, Drafts, Run

OURS, BASE = CHECKPOINTS / "llama-nvfp4", BASES / "llama"


def test_a_good_pair(run: Run) -> None:
    done = run("verify", OURS, "--base", BASE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "against llama: unquantized tensors 7 identical" in done.stdout
    assert "NVFP4  " in done.stdout
    assert "SQNR 20." in done.stdout


def test_the_report_holds_the_distance_and_no_path(run: Run, tmp_path: Path) -> None:
    run("verify", OURS, "--base", BASE, "--format", "json", "-o", tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text()
    report = json.loads(text)
    assert report["levels"]["base"] == "done"
    facts = report["facts"]["base"]
    assert facts["name"] == "llama"
    assert [row["scheme"] for row in facts["schemes"]] == ["NVFP4"]
    assert len(facts["worst"]) == 10
    assert facts["worst"] == sorted(facts["worst"], key=lambda row: row["sqnr"])
    assert str(BASES) not in text


def test_without_a_base_no_b_rule_speaks(run: Run) -> None:
    done = run("verify", OURS, "--format", "json")
    report = json.loads(done.stdout)
    assert report["levels"]["base"] == "not run"
    assert "base" not in report["facts"]
    skipped = {entry["what"][:4]: entry["reason"] for entry in report["not_checked"]}
    assert skipped["B104"] == "level base was not run"


def test_a_fault_fails(run: Run, draft: Drafts) -> None:
    broken = draft("llama-nvfp4").exchange("lm_head.weight", "model.embed_tokens.weight")
    done = run("verify", broken.path, "--base", BASE)
    assert done.returncode == 1
    assert "error[B108] wrong-tensor" in done.stdout
    assert "lm_head.weight and model.embed_tokens.weight are exchanged" in done.stdout


def test_a_base_that_is_not_there(run: Run) -> None:
    done = run("verify", OURS, "--base", "no/such/folder")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "error: no/such/folder: does not exist (name the folder that holds config.json)"
    )


def test_a_truncated_base_is_unchecked_in_one_line(run: Run, base: Drafts) -> None:
    broken = base("llama").truncate("model.safetensors", 1000)
    done = run("verify", OURS, "--base", broken.path, "--select", "B")
    assert done.returncode == 3
    assert "base: model.safetensors: ends inside a tensor" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr


def test_a_base_without_weights_is_unchecked(run: Run, base: Drafts) -> None:
    done = run("verify", OURS, "--base", base("llama").remove("model.safetensors").path)
    assert done.returncode == 3
    assert "base: there are no weights" in " ".join(done.stdout.split())


def test_a_truncated_checkpoint_is_still_named_by_its_own_rule(run: Run, draft: Drafts) -> None:
    broken = draft("llama-nvfp4").truncate("model.safetensors", 1000)
    done = run("verify", broken.path, "--base", BASE)
    assert done.returncode == 1
    assert "error[F105]" in done.stdout


def test_of_a_rotated_model_only_rotated_weights_may_stay_unchecked(
    draft: Drafts, run: Run
) -> None:
    name = "model.layers.1.mlp.up_proj"
    good = draft("llama-w4a16-spinquant")
    options = ("--base", BASES / "llama", "--level", "headers", "--select", "B")
    assert run("verify", good.path, *options).returncode == 0
    done = run("verify", good.drop(f"{name}.weight_scale").path, *options)
    assert done.returncode == 3
    assert "weight_scale is missing" in done.stdout


def test_the_checkpoint_is_no_base_of_itself(run: Run, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(OURS, target_is_directory=True)
    for place in (OURS, link):
        done = run("verify", OURS, "--base", place)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1] == (
            "error: --base: is the checkpoint itself (name the model that it was quantized from)"
        )


def test_a_base_of_another_size_is_one_finding(run: Run, base: Drafts) -> None:
    origin = base("llama").config("hidden_size", 256)
    for tensor in origin.tensors():
        rows, *columns = origin.shape(tensor)
        origin.retype(tensor, "BF16", [2 * rows, *columns])
    done = run("verify", OURS, "--base", origin.path)
    assert done.returncode == 1
    assert "the base is another model: hidden_size is 128 here, 256 there" in done.stdout
    assert "1 error" in done.stdout
    assert "every tensor against the base: it is another model" in done.stdout
