import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from release.card import render_card
from release.checkpoint import open_checkpoint
from release.errors import ReleaseError
from release.manifest import Manifest, parse_manifest
from release.report import Report, load_report
from tests.conftest import DEMO, MANIFEST, Run

RENDERED = ("weights", "kv", "precision", "model")


@pytest.fixture
def work(tmp_path: Path, run: Run) -> Path:
    """A working directory after `release verify` of a checkpoint beside it."""
    work = tmp_path / "work"
    shutil.copytree(DEMO, work / "ckpt")
    (work / "release.toml").write_text(f'checkpoint = "ckpt"\n{MANIFEST}')
    assert run("verify").returncode == 0
    return work


@pytest.fixture
def report(work: Path) -> Report:
    return load_report(work / ".release" / "report.json")


def manifest(**changes: Any) -> Manifest:
    base = {"repo": "acme/tiny-NVFP4", "license": "apache-2.0", "base": {"model": "acme/tiny"}}
    return parse_manifest({**base, **changes})


def render(report: Report, manifest: Manifest) -> str:
    return render_card(report, manifest, open_checkpoint(DEMO)).text


def header_of(card: str) -> dict[str, Any]:
    block = re.match(r"^---\n(.*?)\n---\n", card, re.DOTALL)
    assert block
    header: dict[str, Any] = yaml.safe_load(block[1])
    return header


def test_the_card_is_written_into_the_checkpoint(work: Path, run: Run) -> None:
    result = run("card")
    assert result.returncode == 0, result.stderr
    card = (work / "ckpt" / "README.md").read_text()
    assert header_of(card) == {
        "license": "apache-2.0",
        "base_model": "acme/tiny",
        "base_model_relation": "quantized",
        "library_name": "transformers",
        "pipeline_tag": "image-text-to-text",
        "tags": ["compressed-tensors", "fp8", "nvfp4", "vllm"],
    }
    assert "| NVFP4 | group_1 | 9 |" in card
    assert "1.26M parameters in 1.48 MB (1.41 MiB)" in card
    assert "vllm serve acme/tiny-NVFP4 --max-model-len 2048" in card
    assert run("card").returncode == 0, "a card of ours is replaced without asking"
    assert (work / "ckpt" / "README.md").read_text() == card


def test_the_card_does_not_change_what_it_speaks_of(work: Path, run: Run) -> None:
    before = load_report(work / ".release" / "report.json").checkpoint
    assert run("card").returncode == 0
    assert run("verify").returncode == 0
    assert load_report(work / ".release" / "report.json").checkpoint == before


@pytest.mark.parametrize("change", ["flip", "add", "remove"])
def test_files_that_changed_since_verify_are_refused(work: Path, run: Run, change: str) -> None:
    shard = work / "ckpt" / "model-00002-of-00003.safetensors"
    raw = bytearray(shard.read_bytes())
    raw[-1] ^= 1
    if change == "flip":
        shard.write_bytes(raw)
    elif change == "add":
        (work / "ckpt" / "new.txt").write_text("x")
    else:
        shard.unlink()
    result = run("card")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "since the checkpoint was verified" in result.stderr
    assert not (work / "ckpt" / "README.md").exists()


@pytest.mark.usefixtures("work")
def test_a_report_without_hashes_is_refused(run: Run) -> None:
    assert run("verify", "--level", "headers").returncode == 0
    result = run("card")
    assert result.returncode == 2
    assert "release verify --level bytes" in result.stderr


def test_a_card_written_by_hand_is_kept(work: Path, run: Run) -> None:
    card = work / "ckpt" / "README.md"
    card.write_text("# mine\n")
    result = run("card")
    assert (result.returncode, card.read_text()) == (2, "# mine\n")
    assert "--force" in result.stderr
    assert run("card", "-o", "-").stdout.startswith("---\n")
    assert run("card", "--force").returncode == 0
    assert card.read_text().startswith("---\n")


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card.replace("1.26M", "1.27M"),
        lambda card: card.replace("# tiny", "# Tiny"),
        lambda card: f"{card}more\n",
        lambda card: card.replace(" seal ", " seel "),
        lambda card: card.replace("\n", "\r\n"),
    ],
    ids=["figure", "word", "below", "seal", "line ends"],
)
def test_a_card_edited_by_hand_is_kept(work: Path, run: Run, edit: Callable[[str], str]) -> None:
    assert run("card").returncode == 0
    card = work / "ckpt" / "README.md"
    rendered = card.read_bytes()
    edited = edit(rendered.decode()).encode()
    assert edited != rendered
    card.write_bytes(edited)
    result = run("card")
    assert (result.returncode, card.read_bytes()) == (2, edited)
    assert "README.md: was edited by hand since it was rendered" in result.stderr
    assert run("card", "--force").returncode == 0
    assert card.read_bytes() == rendered


def test_a_card_that_is_a_link_is_not_followed(work: Path, run: Run, tmp_path: Path) -> None:
    (work / "ckpt" / "README.md").symlink_to(tmp_path / "elsewhere")
    result = run("card", "--force")
    assert result.returncode == 2
    assert "README.md: is a link" in result.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_a_card_that_is_a_folder_is_one_line(work: Path, run: Run) -> None:
    (work / "ckpt" / "README.md").mkdir()
    result = run("card")
    assert result.returncode == 2
    assert result.stderr.endswith("README.md: cannot be written: Is a directory\n")


def test_without_a_manifest_it_says_what_to_write(work: Path, run: Run) -> None:
    (work / "release.toml").unlink()
    result = run("card")
    assert result.returncode == 2
    assert result.stderr == (
        "error: release.toml: there is no manifest (`release init CKPT` writes one)\n"
    )


def test_what_is_not_known_is_said(report: Report) -> None:
    unknown = {name: {"not_estimated": f"no {name} here"} for name in report.facts}
    card = render(msgspec.structs.replace(report, facts=unknown), manifest())
    for name in RENDERED:
        assert f"no {name} here" in card
    assert header_of(card)["pipeline_tag"] == "text-generation"


def test_a_rationale_for_nothing_is_refused(work: Path, run: Run) -> None:
    with (work / "release.toml").open("a") as file:
        file.write('[rationale]\ngroup_7 = "because"\n')
    result = run("card")
    assert result.returncode == 2
    assert "rationale of 'group_7', which no module is stored in" in result.stderr


def test_names_of_files_cannot_leave_their_cell(report: Report) -> None:
    bad = "a`|</details>\n# H"
    files = (
        *report.checkpoint.files,
        msgspec.structs.replace(report.checkpoint.files[0], path=bad),
    )
    subject = msgspec.structs.replace(report.checkpoint, files=files)
    card = render(msgspec.structs.replace(report, checkpoint=subject), manifest())
    assert "\n# H" not in card
    assert len([line for line in card.splitlines() if "</details>" in line and "|" in line]) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"repo": "no-owner"}, "repo is 'no-owner', not owner/name"),
        ({"licence": "mit"}, "unknown key 'licence' (did you mean 'license'?)"),
        ({"revision": "x"}, "unknown key 'revision' (it belongs in [base])"),
        ({"base": {"model": "a/m", "checkpoint": "x"}}, "(it belongs above the first [table])"),
        ({"policy": {"zzz": 1}}, "unknown key 'zzz' in [policy] (known keys: levels, strict)"),
        ({"allow": [{"rule": "Q101"}]}, "the key 'reason' is missing in [allow[0]]"),
        ({"license": " "}, "license is empty"),
        ({"checkpoint": ""}, "checkpoint is empty"),
        ({"policy": {"levels": "bytes"}}, "policy.levels: expected an array, got a string"),
        ({"base": {"model": "acme/m", "revison": "x"}}, "did you mean 'revision'?"),
        ({"license": "other"}, "license is 'other' without a name and a link"),
        ({"allow": [{"rule": "Q101", "reason": " "}]}, "allow of Q101 gives no reason"),
        ({"allow": [{"rule": "Q1O1", "reason": "x"}]}, "the code of no rule (did you mean Q101?)"),
        (
            {"allow": [{"rule": "hub-chip-misleads", "reason": "x"}]},
            "allow names 'hub-chip-misleads', which is the code of no rule (did you mean Q118?)",
        ),
        ({"allow": [{"rule": "", "reason": "x"}]}, "`release rule` lists all codes"),
        ({"repo": 7}, "repo: expected a string, got an integer"),
    ],
)
def test_a_manifest_is_strict(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        manifest(**changes)
    assert words in str(caught.value)
    assert str(caught.value).startswith("release.toml: ")


def test_a_secret_in_a_script_is_not_published(report: Report, tmp_path: Path) -> None:
    token = "hf_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
    (tmp_path / "make.py").write_text(f"login({token!r})\n")
    given = manifest(production={"script": "make.py"})
    with pytest.raises(ReleaseError, match=r"README.md: would hold a Hugging Face token at line"):
        render_card(report, given, open_checkpoint(DEMO), tmp_path)


def test_a_script_and_the_recipe_stay_in_their_fences(report: Report, tmp_path: Path) -> None:
    (tmp_path / "make.py").write_text("a = 1\n```\n# not a heading\n")
    given = manifest(production={"script": "make.py"}, citation="```\n# no heading")
    card = render_card(report, given, open_checkpoint(DEMO), tmp_path).text
    assert "````python\na = 1\n```\n# not a heading\n````\n" in card
    assert "````bibtex\n```\n# no heading\n````\n" in card
    assert "```yaml\ndefault_stage:" in card
