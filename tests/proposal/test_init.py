"""`release init`: a release.toml that says what files tell, and asks only on a terminal."""

import json
import os
import pty
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKPOINTS, DEMO, ROOT, Run

NAMED = ("--repo", "acme/tiny-NVFP4", "--base-model", "acme/tiny", "--license", "mit")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CARD = """---
license: llama3.1
license_link: https://example.com/license
language: [en, 'no']
pipeline_tag: text-generation
base_model: acme/root
datasets: [acme/data]
---
# tiny
"""


@pytest.fixture
def work(tmp_path: Path, run: Run) -> Path:
    del run  # it makes the folder
    work = tmp_path / "work"
    shutil.copytree(DEMO, work / "ckpt")
    return work


def written(work: Path) -> dict[str, Any]:
    return tomllib.loads((work / "release.toml").read_text())


def test_what_it_writes_is_ready_for_verify_and_card(run: Run, work: Path) -> None:
    assert run("init", "ckpt", *NAMED).returncode == 0
    assert run("verify", "--level", "bytes").returncode == 0
    result = run("card")
    assert result.returncode == 0, result.stderr
    card = (work / "ckpt" / "README.md").read_text()
    assert card.count("```bash\nvllm serve acme/tiny-NVFP4") == 3


def test_it_fills_in_what_files_tell(run: Run, work: Path) -> None:
    (work / "ckpt" / "notes.txt").write_text("x")
    assert run("init", "ckpt", *NAMED).returncode == 0
    text = (work / "release.toml").read_text()
    assert written(work)["checkpoint"] == "ckpt"
    assert '# NVFP4: mlp.gate_proj ×4, mlp.up_proj ×4, self_attn.o_proj\n# "group_1" = ' in text
    assert "# recipe.yaml: Quantization\n" in text
    assert '# extra-files = ["notes.txt"]' in text
    assert [serve["gpu"] for serve in written(work)["serve"]] == [
        *("RTX 5090", "RTX PRO 6000 Blackwell", "H100 80GB")
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llama-fp8-dynamic", "No scale of this checkpoint needs samples, nor does its recipe;"),
        ("llama-model-free-fp8", "No scale of this checkpoint needs samples; remove this"),
        (
            "llama-w4a16-spinquant",
            "No scale of this checkpoint needs samples, nor does its recipe;",
        ),
        ("llama-fp8-static", "From samples came: activation scales. Which"),
        ("llama-w8a8-static-asym", "From samples came: activation scales. Which"),
        ("llama-nvfp4", "From samples came: activation scales. Which"),
        ("qwen3-fp8-kv", "From samples came: KV scales. Which"),
        ("qwen3-kv-only", "From samples came: KV scales. Which"),
        ("qwen3-nvfp4-kv-heads", "From samples came: activation scales, KV scales. Which"),
        ("llama-w4a16-awq", "From samples came: AWQ. Which"),
        ("llama-w4a16-gptq", "From samples came: GPTQ. Which"),
        ("llama-w8a8-smoothquant", "From samples came: SmoothQuant. Which"),
    ],
)
def test_it_asks_for_samples_where_some_were_needed(run: Run, name: str, said: str) -> None:
    text = run("init", CHECKPOINTS / name, *NAMED, "-o", "-").stdout
    assert f"# {said}" in text


def test_it_says_when_the_recipe_does_not_tell(run: Run, work: Path) -> None:
    (work / "ckpt" / "recipe.yaml").write_text("a_stage:\n  a_modifiers:\n    NovelModifier: {}\n")
    assert run("init", "ckpt", *NAMED).returncode == 0
    assert "# From samples came: activation scales. Which" in (work / "release.toml").read_text()
    config = json.loads((work / "ckpt" / "config.json").read_text())
    for group in config["quantization_config"]["config_groups"].values():
        group["input_activations"] = None
    (work / "ckpt" / "config.json").write_text(json.dumps(config))
    assert run("init", "ckpt", *NAMED, "--force").returncode == 0
    told = "# Whether samples were needed is not known: recipe.yaml names 'Novel', whose effect"
    assert told in (work / "release.toml").read_text()


def test_the_card_and_place_of_the_base_are_read(run: Run, work: Path) -> None:
    base = work / "models--acme--tiny" / "snapshots" / COMMIT
    shutil.copytree(DEMO, base)
    (base / "README.md").write_text(CARD)
    assert run("init", "ckpt", "--repo", "acme/q", "--base", base).returncode == 0
    found = written(work)
    assert found["base"] == {"model": "acme/tiny", "revision": COMMIT, "license": "llama3.1"}
    assert (found["license"], found["license-link"]) == ("llama3.1", "https://example.com/license")
    assert found["card"] == {"pipeline-tag": "text-generation", "language": ["en", "no"]}
    ancestor = {"model": "acme/root", "how": "the base of the base", "datasets": ["acme/data"]}
    assert found["ancestors"] == [ancestor]


def test_findings_that_may_be_accepted_are_proposed(run: Run, work: Path) -> None:
    (work / "ckpt" / "model.txt~").write_text("x")
    assert run("verify", "ckpt").returncode == 0
    assert run("init", "ckpt", *NAMED).returncode == 0
    text = (work / "release.toml").read_text()
    assert '# [[allow]]\n# rule = "F118"\n# where = "model.txt~"' in text


@pytest.mark.parametrize("there", ["text", "link", "folder"])
def test_nothing_is_overwritten_unasked(run: Run, work: Path, there: str) -> None:
    target = work / "release.toml"
    if there == "text":
        target.write_text("mine")
    elif there == "link":
        target.symlink_to("nowhere")
    else:
        target.mkdir()
    result = run("init", "ckpt", *NAMED)
    assert result.returncode == 2
    assert "release.toml: is there already (edit it, use --force" in result.stderr
    assert there != "text" or target.read_text() == "mine"
    assert run("init", "ckpt", *NAMED, "-o", "-").stdout.startswith("# What only a human")


def test_force_replaces(run: Run, work: Path) -> None:
    (work / "release.toml").write_text("mine")
    assert run("init", "ckpt", *NAMED, "--force").returncode == 0
    assert written(work)["repo"] == "acme/tiny-NVFP4"


@pytest.mark.parametrize("yes", [(), ("--yes",)])
def test_without_a_terminal_nothing_is_asked(run: Run, work: Path, yes: tuple[str, ...]) -> None:
    result = run("init", "ckpt", *yes, "--repo", "a/b")
    assert result.returncode == 2
    assert "name --base-model, --license" in result.stderr
    assert not (work / "release.toml").exists()


def test_on_a_terminal_it_asks(work: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"acme/tiny-NVFP4\nacme/tiny\n\n")  # Enter: the license that was named
    command = [sys.executable, "-m", "release", "init", "ckpt", "--license", "mit"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=work, env=environment, stdin=theirs, stderr=theirs, check=False, timeout=60
    )
    asked = os.read(ours, 10_000).decode()
    assert done.returncode == 0, asked
    assert "Publish as owner/name [you/ckpt]:" in asked
    found = written(work)
    assert (found["repo"], found["base"]["model"], found["license"]) == (
        *("acme/tiny-NVFP4", "acme/tiny", "mit"),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--repo", "no-owner"), "repo is 'no-owner', not owner/name"),
        (("--base-model", 'a"\n[x]'), "base.model is"),
        (("--license", " "), "license is empty"),
        (("--license", "Apache 2"), "license 'Apache 2' is none that the Hub knows (did you mean"),
        (("--base", "nowhere"), "nowhere"),
    ],
)
def test_an_answer_that_no_manifest_holds_is_one_line(
    run: Run, work: Path, options: tuple[str, str], words: str
) -> None:
    result = run("init", "ckpt", *NAMED, *options)
    assert result.returncode == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (work / "release.toml").exists()


@pytest.mark.parametrize("header", ["license: [", "- x", "license: {a: 1}", "base_model: 7", "'"])
def test_a_card_that_cannot_be_read_tells_nothing(run: Run, work: Path, header: str) -> None:
    (work / "ckpt" / "README.md").write_text(f"---\n{header}\n---\n")
    assert run("init", "ckpt", *NAMED).returncode == 0
    assert written(work)["license"] == "mit"


def test_what_no_header_can_have_is_not_taken_over(run: Run, work: Path) -> None:
    base = work / "base"
    shutil.copytree(DEMO, base)
    (base / "README.md").write_text("---\nlanguage: english\npipeline_tag: chat\n---\n")
    assert run("init", "ckpt", *NAMED, "--base", base).returncode == 0
    assert "card" not in written(work)


def test_whoever_leaves_the_questions_gets_no_file(work: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"\x04")  # Ctrl-D
    command = [sys.executable, "-m", "release", "init", "ckpt"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=work, env=environment, stdin=theirs, stderr=theirs, check=False, timeout=60
    )
    told = os.read(ours, 10_000).decode()
    assert done.returncode in {1, 2, 130}
    assert "Traceback" not in told
    assert not (work / "release.toml").exists()


def test_names_of_files_stay_in_their_line(run: Run, work: Path) -> None:
    (work / "ckpt" / 'a"]\nrepo = "x').write_text("x")
    assert run("init", "ckpt", *NAMED).returncode == 0
    assert written(work)["repo"] == "acme/tiny-NVFP4"
