"""Texts of strangers: they end in an answer or one line, in little time and memory."""

from contextlib import suppress
from pathlib import Path

import pytest

from release.errors import ReleaseError
from release.fit.subject import NotEstimated, open_subject
from release.memory.command import parse_commands
from release.memory.pasted import served
from release.memory.variables import LONGEST, filled
from tests.conftest import Drafts

SERVE = "vllm serve acme/tiny"
NINE = {i: ", ".join([f"*a{i - 1}"] * 9) for i in range(1, 40)}
MERGES = "\n".join(["a0: &a0 {x: 1}", *(f"a{i}: &a{i}\n  <<: [{n}]" for i, n in NINE.items())])
ALIASES = "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [{n}]" for i, n in NINE.items())])
BESIDE = """\
services:
  reranker: {image: x/y, environment: {CUDA_VISIBLE_DEVICES: '0'}}
  llm:
    image: vllm/vllm-openai
    command: vllm serve acme/tiny -tp 2
"""


@pytest.mark.parametrize(
    "text",
    [
        f"{MERGES}\nserver:\n  <<: *a39\n  command: {SERVE}",
        f"{ALIASES}\nserver:\n  image: *a39\n  command: {SERVE}",
        f"x: !!bool maybe\ny: !!int ''\nz: !!timestamp x\ncommand: {SERVE}",
        f"image: vllm/vllm-openai:v0.32.0\ncommand: [{SERVE.replace(' ', ', ')}]",
    ],
    ids=["merges", "aliases", "tags", "plain"],
)
def test_a_manifest_is_read_whatever_is_beside(text: str) -> None:
    (found,) = served(text)
    assert found.words == ["acme/tiny"]


@pytest.mark.parametrize("text", ["$(vllm serve x)", "A=$(vllm serve x -tp 2)", "`vllm serve x`"])
def test_a_command_within_another_ends(text: str) -> None:
    with suppress(ReleaseError):  # one line is an answer too
        assert all(found.words[:1] == ["x"] for found in served(text))


def test_variables_bring_no_more_than_a_text_may_be_long() -> None:
    text = f"A={'x' * 9000}\n" + "$A " * 20_000
    assert len(filled(text)) <= LONGEST + len(text)
    assert filled("A=1" + " " * 60_000 + "x\n$A").endswith("$A")


def test_a_number_of_gpus_is_no_number_of_thousands_of_digits() -> None:
    (command,) = parse_commands(f"docker run --gpus {'9' * 5000} vllm/vllm-openai --model a/b")
    assert command.gpus is None


@pytest.mark.parametrize(
    "text",
    [
        f"# with one GPU: CUDA_VISIBLE_DEVICES=0\n{SERVE} -tp 2",
        BESIDE,
    ],
)
def test_gpus_of_a_comment_or_of_a_neighbour_are_not_the_servers(text: str) -> None:
    (command,) = parse_commands(text)
    assert command.gpus is None


@pytest.mark.parametrize(
    "declared",
    [
        {"quant_method": "awq", "bits": [4], "modules_to_not_convert": 5},
        {"quant_method": "gptq", "bits": [4]},
        {"quant_method": "fp8", "activation_scheme": ["dynamic"], "ignored_layers": 5},
        {"quant_method": "fp8", "activation_scheme": "dynamic", "modules_to_not_convert": 5},
    ],
)
def test_a_declaration_of_another_method_is_read_whatever_it_holds(
    declared: object, draft: Drafts
) -> None:
    path: Path = draft("llama-nvfp4").config("quantization_config", declared).path
    with suppress(NotEstimated):
        assert open_subject(path / "config.json")
