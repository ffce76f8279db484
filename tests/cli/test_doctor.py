"""`release doctor` on machines that lack this or that."""

import json
import os
import stat
from pathlib import Path

import pytest

from release.demo.hub import HubServer
from tests.conftest import DEMO, MANIFEST, VLLM_PYTHON
from tests.hub.conftest import Call, detour, hub, remote, stocked
from tests.hub.detour import Detour

__all__ = ["detour", "hub", "remote", "stocked"]

NVIDIA_SMI = """#!/bin/sh
echo "0, NVIDIA GeForce RTX 5090, 581.02, 1024, 32607"
"""


def checks(text: str) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["text"]) for check in json.loads(text)}


def test_a_bare_machine_is_noted_not_refused(remote: Call) -> None:
    done = remote("doctor", "--format", "json")
    assert done.returncode == 0, done.stdout
    found = checks(done.stdout)
    assert found["release.toml"] == ("note", "there is none here")
    assert found["GPU"] == ("note", "there is no nvidia-smi")
    assert found["vLLM"][0] == "note"
    assert found["token"] == ("ok", "of demo, in acme; it may write")
    assert found["packages"][0] == "ok"


def test_what_the_manifest_asks_for_must_be_there(remote: Call, tmp_path: Path) -> None:
    policy = '\n[policy]\nlevels = ["headers", "bytes", "smoke"]\n'
    (tmp_path / "release.toml").write_text(MANIFEST + policy)
    done = remote("doctor", "--format", "json", HF_TOKEN="")
    assert done.returncode == 1
    found = checks(done.stdout)
    assert found["GPU"][0] == found["vLLM"][0] == found["token"][0] == "problem"


def test_the_report_here_is_named(remote: Call) -> None:
    assert remote("verify", str(DEMO), "--level", "headers").returncode == 0
    found = checks(remote("doctor", "--format", "json").stdout)
    assert found["report"] == ("ok", "checkpoint: 0 errors; levels headers")


def test_write_access_is_asked_for(hub: HubServer, remote: Call, tmp_path: Path) -> None:
    def ask(**env: str) -> dict[str, tuple[str, str]]:
        return checks(remote("doctor", "--format", "json", **env).stdout)

    (tmp_path / "release.toml").write_text(MANIFEST)
    words = "acme/tiny-NVFP4 is not there yet, or not for this token to see"
    assert ask()["write access"] == ("note", words)
    of_it = MANIFEST.replace('"acme/tiny"', '"acme/base"').replace("acme/tiny-NVFP4", "acme/tiny")
    (tmp_path / "release.toml").write_text(of_it)
    assert ask()["write access"] == ("ok", "acme/tiny")
    found = ask(HF_TOKEN=hub.add_token("read"))
    assert found["token"] == ("note", "of demo, in acme; it may only read")
    assert found["write access"][0] == "problem"


FINE = {
    "role": "fineGrained",
    "fineGrained": {
        "global": ["discussion.write"],
        "scoped": [
            {"entity": {"type": "org", "name": "acme"}, "permissions": ["repo.write"]},
            {"entity": {"type": "model", "name": "acme/tiny"}, "permissions": []},
        ],
    },
}
TOKENS = {
    "fine": (FINE, "fine-grained: discussion.write; repo.write in acme; nothing in acme/tiny"),
    "bare": ({"role": "fineGrained"}, "fine-grained: it may do nothing"),
    "odd": ("text", "it may do what the Hub does not say"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_scopes_of_a_token_are_spelled_out(case: str, remote: Call, detour: Detour) -> None:
    access, words = TOKENS[case]
    detour.answers["whoami"] = lambda who: who | {"auth": {"accessToken": access}}
    done = remote("doctor", "--format", "json", HF_ENDPOINT=detour.endpoint)
    assert checks(done.stdout)["token"] == ("ok", f"of demo, in acme; {words}")


def test_a_gpu_is_named_with_its_driver(remote: Call, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(NVIDIA_SMI)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    done = remote("doctor", PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert "GPU: NVIDIA GeForce RTX 5090, 30.8 of 31.8 GiB free; driver 581.02" in done.stdout


BROKEN = {
    "token": ({"HF_TOKEN": "hf_" + "x" * 34}, "the Hub does not accept the token"),
    "address": ({"HF_ENDPOINT": "http://127.0.0.1:1"}, "the connection to the Hub broke"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_hub_that_says_no_is_a_problem(case: str, remote: Call) -> None:
    env, words = BROKEN[case]
    done = remote("doctor", "--format", "json", **env)
    assert done.returncode == 1
    assert words in checks(done.stdout)["Hub"][1]


def test_offline_and_a_broken_manifest(remote: Call, tmp_path: Path) -> None:
    assert (
        checks(remote("doctor", "--format", "json", HF_HUB_OFFLINE="1").stdout)["Hub"][0] == "note"
    )
    (tmp_path / "release.toml").write_text("repo = 3")
    done = remote("doctor", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("problem   release.toml: repo: expected")


def test_a_python_that_is_none(remote: Call, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "python").chmod(0o755)
    for python, words in (
        (str(tmp_path / "python"), "does not answer"),
        ("/nowhere", "there is no"),
    ):
        found = checks(remote("doctor", "--python", python, "--format", "json").stdout)
        assert words in found["vLLM"][1]


@pytest.mark.vllm
def test_the_vllm_that_smoke_would_run(remote: Call) -> None:
    done = remote("doctor", "--python", str(VLLM_PYTHON), "--format", "json")
    status, text = checks(done.stdout)["vLLM"]
    assert status == "ok"
    assert text.startswith("0.32.0 on Python 3.1")
