"""Commands on a card start on the GPU they are for, or the card is not rendered."""

from pathlib import Path

import pytest

from release.card import render_card
from release.card.profiles import command_lines
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import manifest, write

LOG = Path(__file__).parent.parent / "golden" / "logs"


def test_each_gpu_has_a_row_and_a_command(demo_report: Report, demo: Checkpoint) -> None:
    given = manifest(
        **{"serve-args": ["--max-num-seqs", "16"]},
        serve=[
            {"gpu": "RTX 5090", "args": ["--kv-cache-dtype", "fp8"]},
            {"gpu": "H100", "args": ["--tensor-parallel-size", "2"], "note": "Two of them."},
        ],
    )
    card = render_card(demo_report, given, demo).text
    assert "\n| RTX 5090 | fp8 | " in card
    assert "\n| 2 × H100 80GB | bfloat16 | " in card
    assert "vllm serve acme/tiny-NVFP4 --max-num-seqs 16 --kv-cache-dtype fp8\n" in card
    assert "| RTX 5090 | native FP8 | native FP4 |" in card
    assert "weight-only (Marlin or Humming) |" in card
    assert "Two of them." in card


def test_a_shorter_context_moves_the_figures(demo_report: Report, demo: Checkpoint) -> None:
    def hardware(length: str) -> str:
        given = manifest(serve=[{"gpu": "RTX 5090", "args": ["--max-model-len", length]}])
        text = render_card(demo_report, given, demo).text
        return next(line for line in text.splitlines() if line.startswith("| RTX 5090 | bf"))

    long, short = hardware("2048").split(" | "), hardware("1024").split(" | ")
    moved = [new for old, new in zip(long, short, strict=True) if old != new]
    assert len(moved) == 2, "what it holds, and how many of which length at once"
    assert moved[-1].endswith(" of 1,024")


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        ({"gpu": "RTX 5909"}, "serve[0].gpu: 'RTX 5909' is not a GPU we know (did you mean"),
        (
            {"gpu": "RTX 5090", "args": ["--kv-cache-memory-bytes", "1000"]},
            "serve[0] does not start on RTX 5090: one request of 2,048 tokens needs",
        ),
        (
            {"gpu": "RTX 5090", "args": ["--max-model-len", "ten"]},
            "--max-model-len: 'ten' is no number",
        ),
        ({"gpu": "RTX 5090", "vllm": "0.3"}, "vLLM 0.3 is older than what is modelled"),
        ({"gpu": "RTX 5090", "vllm": "soon"}, "'soon' is not a version of vLLM"),
        ({"gpu": "RTX 5090", "log": "none.log"}, "none.log: cannot be read: No such file"),
        ({"gpu": "RTX 5090", "log": "../x.log"}, "../x.log: is not in the folder of release.toml"),
    ],
)
def test_what_cannot_run_is_refused(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, serve: dict[str, object], words: str
) -> None:
    with pytest.raises(ReleaseError) as caught:
        render_card(demo_report, manifest(serve=[serve]), demo, tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--quantization", "awq"], "--quantization awq: config.json says compressed-tensors"),
        (["--quantisation", "x"], "vLLM 0.32 has no option --quantisation"),
        (["--swap-space", "4"], "vLLM 0.32 has no option --swap-space: it went with 0.18"),
        (["--model", "other/name"], "serves 'other/name', and the card is about acme/tiny-NVFP4"),
        (["--model=other/name"], "serves 'other/name', and the card is about acme/tiny-NVFP4"),
        (["other/name"], "'other/name' is no option, nor the value of one"),
        (["--max-num-seq", "4"], "--max-num-seq is --max-num-seqs only as long as no other"),
        (["--enable-auto-tool-choice"], "--enable-auto-tool-choice needs --tool-call-parser"),
        (["--reasoning-parser", "zzz"], "--reasoning-parser: 'zzz' is not one of"),
        (
            ["--max-model-len", "4000000"],
            "--max-model-len 4,000,000 is more than the model's 2,048",
        ),
        (["--dtype", "int3"], "--dtype: 'int3' cannot be read"),
        (["--api-key", "abc123"], "the value of --api-key would be on the card"),
        (["--hf-token=hf_abc"], "the value of --hf-token would be on the card"),
    ],
)
@pytest.mark.parametrize("place", ["serve-args", "serve[0]"])
def test_what_vllm_does_not_take_is_on_no_card(
    demo_report: Report, demo: Checkpoint, args: list[str], words: str, place: str
) -> None:
    serve = [{"gpu": "RTX 5090", "args": args}]
    given = manifest(**({"serve-args": args} if place == "serve-args" else {"serve": serve}))
    with pytest.raises(ReleaseError) as caught:
        render_card(demo_report, given, demo)
    assert str(caught.value).startswith(f"release.toml: {place}")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "args",
    [
        ["--quantization", "compressed-tensors"],
        ["--model", "acme/tiny-NVFP4"],
        ["--api-key", "$VLLM_API_KEY"],
        ["--max_num_seqs=4", "--no-enforce-eager", "--served-model-name", "tiny"],
        ["--enable-auto-tool-choice", "--tool-call-parser", "hermes", "--max-model-len", "1k"],
    ],
)
@pytest.mark.parametrize("place", ["serve-args", "serve[0]"])
def test_what_vllm_takes_is(
    demo_report: Report, demo: Checkpoint, args: list[str], place: str
) -> None:
    serve = [{"gpu": "RTX 5090", "args": args}]
    given = manifest(**({"serve-args": args} if place == "serve-args" else {"serve": serve}))
    assert "vllm serve acme/tiny-NVFP4" in render_card(demo_report, given, demo).text


@pytest.mark.parametrize("arg", ["a\n```\nb", "\u2028", "\x1b[0m"])
@pytest.mark.parametrize("place", ["serve-args", "serve"])
def test_an_argument_cannot_leave_its_line(arg: str, place: str) -> None:
    value = [arg] if place == "serve-args" else [{"gpu": "H100", "args": [arg]}]
    with pytest.raises(ReleaseError, match="no line of a shell can hold"):
        manifest(**{place: value})


def test_an_option_is_said_once() -> None:
    with pytest.raises(ReleaseError, match="which serve-args has too"):
        manifest(
            **{"serve-args": ["--max-model-len", "1"]},
            serve=[{"gpu": "H100", "args": ["--max-model-len=2"]}],
        )


def test_memory_from_a_log_is_measured(
    demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    write(tmp_path, "h100.log", "Available KV cache memory: 44.49 GiB\n")
    given = manifest(serve=[{"gpu": "H100", "log": "h100.log", "args": ["--max-num-seqs", "8"]}])
    card = render_card(demo_report, given, demo, tmp_path).text
    assert "yes, measured memory |" in card


def test_options_that_are_not_modelled_are_said(demo_report: Report, demo: Checkpoint) -> None:
    given = manifest(serve=[{"gpu": "H100", "args": ["--enable-lora"]}])
    card = render_card(demo_report, given, demo).text
    assert "- H100: not estimated, --enable-lora changes the memory" in card


def test_a_long_command_has_an_option_a_line() -> None:
    argv = ("acme/tiny", "--chat-template", "a b", *("--max-num-seqs", "16") * 3)
    assert command_lines(argv)[:2] == ("vllm serve acme/tiny \\", "  --chat-template 'a b' \\")
    assert command_lines(argv)[-1] == "  --max-num-seqs 16"
