"""`release diff` as a person calls it, on folders and reports."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import CHECKPOINTS, DEMO, Drafts, Run
from tests.mutate import Draft

O_PROJ = "model.language_model.layers.3.self_attn.o_proj.weight_packed"


def flip(draft: Draft) -> Path:
    """Change one byte of a tensor."""
    return draft.patch(O_PROJ, bytes([draft.bytes_of(O_PROJ)[3] ^ 0x11]), at=3).path


def test_a_copy_is_the_same(mixed: Draft, run: Run) -> None:
    done = run("diff", DEMO, mixed.path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "no difference"
    assert json.loads(run("diff", DEMO, mixed.path, "--format", "json").stdout)["same_tensors"] > 0


def test_one_byte_is_told_by_its_tensor(mixed: Draft, run: Run) -> None:
    done = run("diff", DEMO, flip(mixed), "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    form = "U8 [128, 128]"
    assert found["tensors"] == [{"name": O_PROJ, "old": form, "new": form, "bytes": True}]
    assert [change["path"] for change in found["files"]] == ["model-00002-of-00003.safetensors"]
    assert (found["settings"], found["facts"], found["not_compared"]) == ({}, [], {})


def test_headers_alone_leave_bytes_open(mixed: Draft, run: Run) -> None:
    done = run("diff", DEMO, mixed.path, "--level", "headers")
    assert done.returncode == 3
    words = "its bytes were not read on both sides (--level bytes)"
    assert f"  ? model-{{00001-00003}}-of-00003.safetensors  {words}" in done.stdout.splitlines()
    assert re.search(r"^  \? the values of \d+ tensors  their bytes", done.stdout, re.MULTILINE)


def test_settings_files_and_figures(mixed: Draft, run: Run) -> None:
    ignore = mixed.read()["quantization_config"]["ignore"]
    mixed.config("text_config.max_position_embeddings", 4096)
    mixed.config("quantization_config.ignore", [name for name in ignore if name != "lm_head"])
    template = (mixed.path / "chat_template.jinja").read_text()
    mixed.write("chat_template.jinja", template + "\n{# more #}\n")
    mixed.remove("preprocessor_config.json").write("LICENSE", "words")
    done = run("diff", DEMO, mixed.path)
    assert done.returncode == 1
    for line in (
        "  ~ text_config.max_position_embeddings  2048 → 4096",
        "  - quantization_config.ignore[]  lm_head",
        "  - preprocessor_config.json  333 B",
        "  + LICENSE  5 B",
        "  ~ chat_template.jinja  4.04 kB → 4.05 kB, 2 new and 0 old lines",
        "  ~ Architecture: max_position_embeddings  2,048 → 4,096",
    ):
        assert line in done.stdout.splitlines(), done.stdout


def test_schemes_fold_over_layers(run: Run) -> None:
    done = run("diff", CHECKPOINTS / "llama-w4a16", CHECKPOINTS / "llama-fp8-dynamic")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "  + model.layers.{0-1}.mlp.up_proj.weight  F8_E4M3 [256, 128] ×2" in lines
    assert "  ~ Weights: MLP, Precision  W4A16 → FP8_DYNAMIC" in lines


def test_markdown_is_a_changelog_of_code_and_words(mixed: Draft, run: Run) -> None:
    mixed.config("a|b`c", "<script>")
    text = run("diff", DEMO, mixed.path, "--format", "markdown").stdout
    assert text.startswith("## `checkpoint` → `draft-0`\n\n### config.json\n\n1 change.\n\n")
    assert "- added `` a\\|b`c ``: \\<script\\>" in text


def test_reports_stand_for_what_they_are_about(mixed: Draft, run: Run, tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert run("verify", DEMO).returncode == 0
    shutil.copy(work / ".release" / "report.json", work / "old.json")
    assert run("diff", "old.json", DEMO).returncode == 0
    assert run("diff", "old.json", "old.json").returncode == 0
    path = flip(mixed)
    ignore = mixed.read()["quantization_config"]["ignore"]
    mixed.config("quantization_config.ignore", [*ignore, "nothing.like.it"])
    assert run("verify", path).returncode == 0
    done = run("diff", "old.json", ".release/report.json")
    assert done.returncode == 1
    assert "  ~ model-00002-of-00003.safetensors  687.40 kB" in done.stdout
    assert "  + Q103 ignore-matches-nothing at config.json: " in done.stdout
    assert "of a report only the files are known" in done.stdout


CANNOT = {
    "no such": ("nowhere/at/all", "does not exist"),
    "a config": (str(DEMO / "config.json"), "is not a report"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_is_neither_is_one_line(case: str, run: Run) -> None:
    place, words = CANNOT[case]
    done = run("diff", DEMO, place)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert words in done.stderr


def test_what_cannot_be_read_is_not_called_removed(draft: Drafts, run: Run) -> None:
    broken = draft("demo")
    shard = "model-00002-of-00003.safetensors"
    broken.write(shard, b"\xff" * 5000)
    (broken.path / "notes.txt").symlink_to("/etc/hostname")
    found = json.loads(run("diff", DEMO, broken.path, "--format", "json").stdout)
    assert found["tensors"] == []
    assert [change["path"] for change in found["files"]] == [shard]
    assert set(found["not_compared"]) == {"notes.txt", f"the tensors of {shard}"}
    whole = draft("llama-w4a16")
    whole.write("model.safetensors", b"{}")
    done = run("diff", CHECKPOINTS / "llama-w4a16", whole.path)
    assert done.returncode == 1
    assert "  ? tensors  model.safetensors: is 2 bytes long" in done.stdout


def test_without_a_config_no_figure_is_called_removed(draft: Drafts, run: Run) -> None:
    broken = draft("demo")
    broken.write("config.json", b"{bad")
    found = json.loads(run("diff", DEMO, broken.path, "--format", "json").stdout)
    assert [change["path"] for change in found["files"]] == ["config.json"]
    assert found["figures"] == []
    assert set(found["not_compared"]) == {"what config.json says", "figures of the card"}


def test_a_truncated_shard_leaves_its_last_tensors_open(draft: Drafts, run: Run) -> None:
    cut = draft("demo")
    cut.truncate("model-00003-of-00003.safetensors", 100)
    found = json.loads(run("diff", DEMO, cut.path, "--format", "json").stdout)
    assert list(found["not_compared"]) == ["the values of 1 tensors"]
