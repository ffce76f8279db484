"""What other commands and options make of a repository on the Hub."""

import json
from pathlib import Path

from release.demo.hub import HubServer
from tests.conftest import BASES, CHECKPOINTS, DEMO, MANIFEST, Run
from tests.hub.conftest import REPO, Call, publish


def test_what_a_folder_alone_has_is_refused(remote: Call) -> None:
    done = remote("verify", REPO, "--level", "bytes", "--reuse")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--reuse trusts the times of files" in done.stderr
    done = remote("verify", REPO, "--level", "bytes", "--ray", "local")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none on the Hub" in done.stderr


def test_what_needs_a_folder_says_so(remote: Call) -> None:
    for command in (["smoke"], ["verify", "--smoke"]):
        done = remote(*command, REPO)
        assert done.returncode == 2
        assert "needs a folder" in done.stderr


def test_push_after_a_remote_verify_names_no_folder(remote: Call, tmp_path: Path) -> None:
    assert remote("verify", REPO).returncode == 0
    assert (tmp_path / ".release" / "checkpoint").read_text() == f"hf://{REPO}"
    (tmp_path / "release.toml").write_text(MANIFEST)
    done = remote("card")
    assert done.returncode == 2
    assert "this needs a folder" in done.stderr


def test_tables_and_fit_are_those_of_the_folder(remote: Call, run: Run) -> None:
    for args in (["tables"], ["fit", "--gpu", "RTX 5090", "--max-model-len", "1024"]):
        there = remote(*args, REPO, "--format", "json")
        here = run(*args, DEMO, "--format", "json")
        assert (there.returncode, here.returncode) == (0, 0), there.stderr
        assert there.stdout.replace(REPO, str(DEMO)) == here.stdout


def test_a_pasted_command_is_about_the_model_it_names(remote: Call, tmp_path: Path) -> None:
    pasted = ("fit", "--gpu", "RTX 5090", "--audit", f"vllm serve {REPO} --max-model-len 512")
    done = remote(*pasted)
    assert done.returncode == 0, done.stderr
    of_it = MANIFEST.replace(f'"{REPO}"', '"acme/base"').replace("acme/tiny-NVFP4", REPO)
    (tmp_path / "release.toml").write_text(f'checkpoint = "ckpt"\n{of_it}')
    done = remote(*pasted)  # published from here: the folder is meant
    assert (done.returncode, "ckpt: does not exist" in done.stderr) == (2, True)


def test_fit_needs_no_more_than_a_config(hub: HubServer, remote: Call, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_text((DEMO / "config.json").read_text())
    publish(hub, bare, "acme/bare")
    done = remote("fit", "acme/bare", "--gpu", "RTX 5090", "--max-model-len", "1024")
    assert done.returncode == 0, done.stderr


def test_a_base_on_the_hub_is_compared_by_ranges(
    hub: HubServer, remote: Call, tmp_path: Path
) -> None:
    publish(hub, BASES / "llama", "acme/base")
    found = []
    for base in ("acme/base", str(BASES / "llama")):
        done = remote("verify", str(CHECKPOINTS / "llama-fp8-dynamic"), "--base", base)
        assert done.returncode == 0, done.stderr
        report = json.loads((tmp_path / ".release" / "report.json").read_text())
        assert report["levels"]["base"] == "done"
        found.append(report["facts"]["base"])
    assert found[0]["schemes"] == found[1]["schemes"]
    assert found[0]["unquantized"] == found[1]["unquantized"]
