"""`vllm serve` commands as they are pasted and written."""

import json
import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from release.errors import ReleaseError
from release.memory.command import parse_command, parse_commands, write_command
from release.memory.known_options import changes, options_of, told
from release.memory.options import Options
from release.memory.versions import NEWEST, parse_version
from tests.conftest import DEMO, Run
from tests.golden.test_logs import HYBRID


def test_options_are_read_out_of_a_command() -> None:
    command = parse_command(
        "X=1 python -m foo && vllm serve 'acme/m' \\\n --max-model-len 128k --kv_cache_dtype=fp8"
        " -tp 2 --reasoning-parser qwen3 --no-enable-prefix-caching --enable-lora"
        """ --limit-mm-per-prompt '{"image": 0, "video": 0}' """
    )
    assert command.model == "acme/m"
    assert command.options == Options(
        max_model_len=128_000,
        kv_cache_dtype="fp8",
        tensor_parallel_size=2,
        enable_prefix_caching=False,
        withheld=("image", "video"),
    )
    assert command.ignored == ("--reasoning-parser",)
    assert command.unmodelled == ("--enable-lora",)


# What people paste, and what of it counts.
PASTED: list[tuple[str, Options]] = [
    ("vllm serve m --tensor_parallel 2 --max-model 8k", Options(2, max_model_len=8000)),
    ("docker run --gpus all vllm/vllm-openai:v0.32.0 --model m -tp 2", Options(2)),
    (
        "python -m vllm.entrypoints.openai.api_server --model m --max-num-seqs=4 2>&1 | tee log",
        Options(max_num_seqs=4),
    ),
    ("$ X=1 vllm serve m --served-model-name a b --block-size 32 && ls", Options(block_size=32)),
    ("vllm serve --trust-remote-code m --no-enforce-eager", Options(enforce_eager=False)),
    (
        "vllm serve m --limit-mm-per-prompt.image 0 --limit-mm-per-prompt.video=0",
        Options(withheld=("image", "video")),
    ),
    ("vllm serve m --limit_mm_per_prompt.video '{\"count\": 0}'", Options(withheld=("video",))),
    (
        "vllm serve m -sc.method mtp -sc.num_speculative_tokens 2",
        Options(speculative_tokens=2),
    ),
    ("vllm serve m --max-num-seqs 4 --max-num-seqs 8", Options(max_num_seqs=8)),
    ("vllm serve m -dp 4", Options(data_parallel_size=4)),
    ("vllm serve m --device-memory-utilization .9", Options(gpu_memory_utilization=0.9)),
    ("vllm serve m --max-model-len -1", Options(max_model_len=-1)),
    ("docker run --entrypoint vllm vllm/vllm-openai:v0.32.0 serve m -tp 2", Options(2)),
    ("docker run --entrypoint '' vllm/vllm-openai vllm serve m -tp 2", Options(2)),
    ("docker run --entrypoint bash vllm/vllm-openai -lc 'vllm serve m -tp 2'", Options(2)),
    ("python -m vllm.entrypoints.cli.main serve m -tp 2; ls", Options(2)),
    ("vllm serve m -tp 2&", Options(2)),
    ("(vllm serve m -tp 2) &> log", Options(2)),
    ("vllm serve m -tp 2 2>log", Options(2)),
    ("vllm serve m --spec-method mtp --spec-tokens 2", Options(speculative_tokens=2)),
    (
        "vllm serve m --compilation-config.mode 3 -tp 2 -cc.cudagraph_mode FULL",
        Options(2, cudagraph_mode="FULL"),
    ),
    (
        "vllm serve m -O1 --cudagraph-capture-sizes 1 2",
        Options(optimization_level=1, cudagraph_capture_sizes=(1, 2)),
    ),
    (
        "vllm serve m -O=0 --no-enable-chunked-prefill",
        Options(optimization_level=0, enable_chunked_prefill=False),
    ),
    (
        "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 vllm serve m --max-model-len 9M",
        Options(max_model_len=9 << 20, any_length=True),
    ),
]
# What is around them.
SURROUNDED = [
    "vllm serve m -tp 2\ncurl http://localhost:8000/v1/models",
    "docker pull vllm/vllm-openai:v1\ndocker run vllm/vllm-openai:v1 --model m -tp 2",
    "vllm serve m \\\n  -tp 2 \\\n  # --max-num-seqs 4 \\\n",
    "vllm serve m `\r\n  -tp 2",
    "vllm serve m\n  -tp 2",
    "```bash\n$ vllm serve m -tp 2\n```",
    "[Service]\nExecStart=/opt/bin/vllm serve m -tp 2\nRestart=always",
    "tmux new -d 'vllm serve m -tp 2'",
    'CMD ["vllm", "serve", "m", "-tp", "2"]',
    "subprocess.Popen(['vllm', 'serve', 'm', '-tp', '2'], env={})",
    'command: ["vllm", "serve", "m"]\nargs: ["-tp", "2"]',
    "command: [sh, -c]\nargs: ['vllm serve m -tp 2']",
    "containers:\n- image: a/vllm-openai:v1\n  args:\n  - --model\n  - m\n  - -tp\n  - '2'",
    "services:\n  a:\n    image: vllm/vllm-openai\n    command: >\n      --model m\n      -tp 2\n",
    "args:\n- --model=m\n- --tensor-parallel-size=2\n",
    "docker compose run --rm -e A=b vllm --model m -tp 2",
    "docker run vllm/vllm-openai-rocm:v0.31.0 --model m -tp 2",
    "!vllm serve m -tp 2",
    "%%bash\nnohup vllm serve m -tp 2 > log 2>&1 &",
    "proc = subprocess.Popen('vllm serve m -tp 2', shell=True)",
    "vllm serve m -tp 2 \\",
    'MODEL="m"\nTP=2\nvllm serve "${MODEL}" -tp $TP',
    "y:\n  a:\n    image: vllm/vllm-openai:${T:-v1}\n    command: --model ${M:-m} -tp ${N:-2}\n",
    "x: &x\n  image: vllm/vllm-openai:v1\ny:\n  a:\n    <<: *x\n    command: --model m -tp 2\n",
    '{"image": "vllm/vllm-openai:v1", "args": ["--model", "m", "-tp", "2"]}',
    "[Container]\nImage=docker.io/vllm/vllm-openai:v1\nExec=--model m \\\n -tp 2\nNetwork=host",
    "docker pull vllm/vllm-openai:v1\nvllm bench serve --model m\nvllm serve m -tp 2",
]


@pytest.mark.parametrize("text", SURROUNDED)
def test_a_command_is_found_in_what_is_around_it(text: str) -> None:
    command = parse_command(text)
    assert (command.model, command.options, command.rest) == ("m", Options(2), ())
    assert (command.unmodelled, command.unknown) == ((), ())


def test_a_manifest_that_names_itself_is_no_command() -> None:
    with pytest.raises(ReleaseError):
        parse_command("args: &a\n- *a\n- --model\n")


# How many GPUs a text gives a server.
COUNTED: list[tuple[str, int | None]] = [
    ("CUDA_VISIBLE_DEVICES=0,1 vllm serve m", 2),
    ("export CUDA_VISIBLE_DEVICES=0\nvllm serve m", 1),
    ("docker run --gpus '\"device=0,1\"' vllm/vllm-openai:v1 --model m", 2),
    ("docker run --gpus all vllm/vllm-openai:v1 --model m", None),
    ("docker run --gpus 2 vllm/vllm-openai:v1 --model m", 2),
    ("podman run --device nvidia.com/gpu=0 vllm/vllm-openai:v1 --model m", 1),
    ("podman run --device nvidia.com/gpu=all vllm/vllm-openai:v1 --model m", None),
    ("#SBATCH --gres=gpu:a100:4\nsrun vllm serve m", 4),
    ("[Service]\nEnvironment=CUDA_VISIBLE_DEVICES=0,1,2\nExecStart=vllm serve m", 3),
    ("resources: {limits: {nvidia.com/gpu: '2'}}\nargs: [vllm, serve, m]", 2),
    ("env:\n- name: CUDA_VISIBLE_DEVICES\n  value: '0,1'\nargs: [vllm, serve, m]", 2),
    ("args: [vllm, serve, m]\ndevices:\n- driver: nvidia\n  device_ids: ['0', '3']\n", 2),
    ("args: [vllm, serve, m]\ndevices:\n- driver: nvidia\n  count: 1\n", 1),
    ("args: [vllm, serve, m]\ndevices: [{driver: nvidia, count: 2, capabilities: [gpu]}]\n", 2),
    ("args: [vllm, serve, m]\ndevices: [{count: 3, driver: nvidia}]\n", 3),
    ("CUDA_VISIBLE_DEVICES=$GPUS vllm serve m --gpu-memory-utilization 0.9", None),
    ("resources: {accelerators: H100:8}\nrun: vllm serve m", 8),
]


@pytest.mark.parametrize(("text", "count"), COUNTED)
def test_the_gpus_that_a_text_gives_are_counted(text: str, count: int | None) -> None:
    assert parse_command(text).gpus == count


TWO_SHELLS = """\
export VLLM_USE_V1=1
CUDA_VISIBLE_DEVICES=0,1 vllm serve m -tp 2 --port 8000 &
CUDA_VISIBLE_DEVICES=2 vllm serve n --port 8001 &
wait
"""
TWO_SERVICES = """\
services:
  a:
    image: vllm/vllm-openai:v0.31.0
    command: --model m --tensor-parallel-size 2
    deploy: {resources: {reservations: {devices: [{device_ids: ["0", "1"]}]}}}
  b:
    image: vllm/vllm-openai:v0.30.0
    command: ["--model", "n"]
    environment: [CUDA_VISIBLE_DEVICES=2]
"""


@pytest.mark.parametrize(
    ("text", "releases"), [(TWO_SHELLS, (None, None)), (TWO_SERVICES, ("0.31.0", "0.30.0"))]
)
def test_each_of_several_commands_has_its_own_surroundings(
    text: str, releases: tuple[str | None, ...]
) -> None:
    commands = parse_commands(text)
    assert [command.model for command in commands] == ["m", "n"]
    assert [command.gpus for command in commands] == [2, 1]
    assert tuple(command.release for command in commands) == releases


def test_each_of_several_commands_is_answered(run: Run, tmp_path: Path) -> None:
    text = "CUDA_VISIBLE_DEVICES=0 vllm serve a/m -tp 2\nvllm serve a/m --max-num-seqs 4"
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", text)
    assert result.returncode == 1
    assert "command 1: H200: Starts: no – it needs 2 GPUs, and 1 is there" in result.stdout
    assert "command 2: H200: Starts: yes" in result.stdout
    lora = text.replace("-tp 2", "--enable-lora")
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", lora)
    assert result.returncode == 3
    assert "command 1: H200: not estimated: --enable-lora changes" in result.stdout
    ours = tmp_path / "m" / "config.json"
    ours.parent.mkdir()
    shutil.copy(HYBRID, ours)
    result = run("fit", ours, "--gpu", "H200", "--audit", text.replace("a/m -tp", "a/other -tp"))
    assert result.returncode == 0
    assert "command 1: not judged, it serves other" in result.stdout
    assert "command 2: Starts: yes" in result.stdout
    both = text.replace("a/m -tp", "a/other -tp")
    told = run("fit", ours, "--gpu", "H200", "--audit", both, "--format", "json").stdout
    found = [(each.get("asked"), each.get("not_judged", "")[:21]) for each in json.loads(told)]
    assert found == [("command 2", ""), (None, "command 1: not judged")]


def test_what_the_command_serves_is_told_from_what_was_read(run: Run) -> None:
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", "vllm serve a/m --max-num-seqs 4")
    assert result.returncode == 0
    assert "the weights are those of 27b, whatever a/m holds" in " ".join(result.stdout.split())
    for model in ("x/m-Q4_K_M.gguf", "a/m-GGUF:Q4_K_M"):
        result = run("fit", HYBRID, "--gpu", "H200", "--audit", f"vllm serve {model}")
        assert result.returncode == 3
        assert "serves a GGUF" in result.stderr


def test_to_name_a_checkpoints_own_method_changes_nothing() -> None:
    command = parse_command("vllm serve m --quantization awq_marlin")
    assert command.gap("awq") is None
    assert command.gap("gptq") == command.gap() != ""
    assert command.refused("awq") is None
    own = "compressed-tensors"
    assert parse_command(f"vllm serve m --quantization {own}").refused(own) is None
    assert parse_command("vllm serve m --quantization humming").refused(own) is None


def test_compressed_tensors_are_read_by_no_other_method() -> None:
    command = parse_command("vllm serve m -q fp8")
    said = command.refused("compressed-tensors")
    assert said is not None
    assert said.startswith("--quantization fp8: config.json says compressed-tensors")
    assert command.gap("compressed-tensors") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vllm bench serve --model m", "`vllm bench serve` is not judged"),
        ("llm = LLM(model='m')", "LLM( of Python"),
        ("vllm serve m \\ # why\n --port 1", "a comment stands behind a backslash"),
        ("vllm serve m \\\n  # why\n --port 1", "a comment stands behind a backslash"),
        ("vllm serve m \\\n\n --port 1", "an empty line follows a backslash"),
        ("vllm serve \N{LEFT DOUBLE QUOTATION MARK}m", "curly quotes"),
        ("args: [--model_name=q, --model_id=a/b]", "an option of KServe's own server"),
        ("docker pull vllm/vllm-openai:v1", "the command is not `vllm serve"),
        ("repository: vllm/vllm-openai\ntag: v1", "the command is not `vllm serve"),
    ],
)
def test_what_is_no_server_is_said(text: str, said: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        parse_command(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("docker run vllm/vllm-openai:v0.24.0-cu129 --model m", "0.24.0-cu129"),
        ("uvx --from vllm==0.24.0 vllm serve m", "0.24.0"),
        ("docker run vllm/vllm-openai:latest --model m", None),
        ("pip install vllm>=0.17.0 && vllm serve m", None),
    ],
)
def test_the_release_is_the_one_that_the_text_names(text: str, release: str | None) -> None:
    assert parse_command(text).release == release


def test_an_image_is_of_a_release(run: Run) -> None:
    pasted = "docker run vllm/vllm-openai:v{} --model m --watermark 0.1 --max-num-seqs 4"
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", pasted.format("0.24.0"))
    assert result.returncode == 0
    assert "vLLM 0.24.0" in result.stdout
    older = run("fit", HYBRID, "--gpu", "H200", "--audit", pasted.format("0.11.0"))
    assert older.returncode == 3
    assert "vLLM 0.11.0 is older than what is modelled: ask about another (--vllm)" in older.stderr


@pytest.mark.parametrize(("text", "options"), PASTED)
def test_what_people_paste_is_read_as_vllm_reads_it(text: str, options: Options) -> None:
    command = parse_command(text)
    assert (command.model, command.options, command.unmodelled) == ("m", options, ())
    again = parse_command(write_command("m", command.options, command.rest))
    assert again.options == options
    assert write_command("m", again.options, again.rest) == write_command(
        "m", command.options, command.rest
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("vllm serve m --quantization fp8", "--quantization"),
        ("vllm serve m -dcp 2", "-dcp"),
        ("vllm serve m --config c.yaml", "--config"),
        ("vllm serve m --model-impl transformers", "--model-impl"),
        ("vllm serve m --convert embed", "--convert"),
        ("docker run -e VLLM_USE_V1=0 vllm/vllm-openai --model m", "VLLM_USE_V1"),
        ('env: [{name: VLLM_MLA_DISABLE, value: "1"}]\nargs: [vllm, serve, m]', "VLLM_MLA_DISABLE"),
        ("vllm serve m --kv-transfer-config.kv_role kv_both", "--kv-transfer-config"),
        ('vllm serve m -ac \'{"backend": "FLASHMLA"}\'', "--attention-config"),
        ("vllm serve m -ac.indexer_kv_dtype mxfp4", "--attention-config"),
        ("vllm serve m -sc.method eagle3 -sc.model a/b", "--speculative-config"),
    ],
)
def test_what_changes_memory_in_unknown_ways_is_named(text: str, name: str) -> None:
    assert parse_command(text).unmodelled == (name,)


def test_what_changes_nothing_is_not_in_the_way() -> None:
    text = "vllm serve m --quantization compressed-tensors --dtype bfloat16 -dp 1 --foo 3"
    command = parse_command(text)
    assert (command.unmodelled, command.ignored, command.unknown) == ((), (), ("--foo",))


@pytest.mark.parametrize(
    ("part", "backend"),
    [
        ("--attention-config.backend flashmla", "FLASHMLA"),
        ("-ac.backend FLASHMLA", "FLASHMLA"),
        ("-ac.use_trtllm_attention false", None),
        ("--attention-config '{\"use_trtllm_attention\": false}'", None),
    ],
)
def test_a_backend_is_named_in_two_ways(part: str, backend: str | None) -> None:
    command = parse_command(f"vllm serve m {part}")
    assert (command.options.attention_backend, command.unmodelled) == (backend, ())


def test_another_method_than_the_files_own_stops_it(run: Run) -> None:
    for method, code in (("awq", 1), ("compressed-tensors", 0)):
        pasted = f"vllm serve a/m --max-num-seqs 4 --quantization {method}"
        result = run("fit", DEMO, "--gpu", "H200", "--audit", pasted)
        assert result.returncode == code, result.stdout


def test_an_option_that_vllm_has_not_stops_it(run: Run) -> None:
    pasted = "vllm serve m --tp 2 --max-num-seqs 4"
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", pasted)
    assert result.returncode == 1
    assert "Starts: no – vLLM 0.32 has no option --tp" in result.stdout
    assert result.stdout.endswith("This starts:\n  vllm serve m --max-num-seqs 4\n")
    newer = run("fit", HYBRID, "--gpu", "H200", "--vllm", "9.1", "--audit", pasted)
    assert newer.returncode == 0
    assert "has no option --tp, and was not looked at" in " ".join(newer.stdout.split())


@pytest.mark.parametrize(
    ("option", "release", "said"),
    [
        ("--swap-space 4", "0.17.1", None),
        ("--swap-space 4", "0.19.1", "it went with 0.18"),
        ("--linear-backend marlin", "0.21.0", "it came with 0.22"),
        ("--linear-backend marlin", "0.22.0", None),
        ("--no-enable-log-deltas", "0.17.0", None),
        ("--disable-log-requests", "0.17.0", "vLLM 0.17 has no option --disable-log-requests"),
    ],
)
def test_each_release_has_its_own_options(option: str, release: str, said: str | None) -> None:
    version = parse_version(release)
    lacking = parse_command(f"vllm serve m {option}").lacking(version)
    assert len(lacking) == (0 if said is None else 1)
    assert all(str(said) in told(name, version) for name in lacking)


def test_what_came_was_not_there_and_what_went_was() -> None:
    releases = sorted({release for release, _, _ in changes()})
    for before, after in pairwise([(0, 17), *releases]):
        came, went = (
            {name for release, sign, name in changes() if (release, sign) == (after, which)}
            for which in "+-"
        )
        assert came == options_of(after) - options_of(before)
        assert went == options_of(before) - options_of(after)
        assert came or went
    assert options_of((0, 99)) == options_of(parse_version(NEWEST))


def test_secrets_are_not_printed_again(run: Run) -> None:
    pasted = "vllm serve m --api-key sk-123 --hf-token=hf_abc --max-num-seqs 4"
    result = run("fit", HYBRID, "--gpu", "H200", "--audit", pasted)
    assert result.returncode == 0
    assert "sk-123" not in result.stdout
    assert "hf_abc" not in result.stdout
    assert "--api-key '***' --hf-token '***'" in result.stdout


@pytest.mark.parametrize(
    "text",
    [
        *("", "vllm", "python x", "vllm serve m --max-model-len", "vllm serve m --block-size x"),
        *("a 'b", "vllm serve m --max-model-length 5", "vllm serve m \N{EN DASH}max-model-len 5"),
        *("vllm serve m --max-num-seqs 0", "vllm serve m --gpu-memory-utilization nan"),
        *("vllm serve m --tensor-parallel-size 99999999999999999999", "vllm serve m -tp $TP"),
        *("vllm serve m -O4", "vllm serve m -O '{\"mode\":3}'", "vllm serve m -O.mode=3"),
        *(
            "vllm serve m -cc 3",
            "vllm serve m -cc.cudagraph_mode=NO",
            "vllm serve m --max-num-seqs 1K",
        ),
        *("vllm serve m --limit-mm-per-prompt image=0", "vllm serve m\n\n`-tp 2`'"),
        *("vllm serve m --enforce-eager=True", "vllm serve m --enforce-eager True"),
        "vllm serve m --speculative-config " + "[" * 5000,
    ],
)
def test_what_is_no_command_is_an_error(text: str) -> None:
    with pytest.raises(ReleaseError):
        parse_command(text)


def test_a_written_command_reads_back_and_is_safe_in_a_shell() -> None:
    options = Options(max_model_len=-1, enforce_eager=True, speculative_tokens=2, block_size=32)
    text = write_command("my model; rm -rf /", options)
    assert shlex.split(text)[2] == "my model; rm -rf /"
    read = parse_command(text)
    assert (read.model, read.options) == ("my model; rm -rf /", options)


def test_what_a_command_holds_cannot_leave_its_block(run: Run) -> None:
    pasted = "vllm serve 'a```\x1b[31m# b' --max-num-seqs 4"
    for style in ("human", "markdown"):
        result = run("fit", HYBRID, "--gpu", "H200", "--audit", pasted, "--format", style)
        assert result.returncode == 0, result.stderr
        assert "\x1b" not in result.stdout
    assert "\n````sh\n" in result.stdout


def test_several_gpus_are_told_apart(run: Run) -> None:
    args = ("--gpu", "RTX 5090", "--gpu", "H200", "--audit", "vllm serve m --max-num-seqs 4")
    result = run("fit", HYBRID, *args)
    assert "RTX 5090: Starts: no" in result.stdout
    assert "H200: Starts: yes" in result.stdout
    assert "RTX 5090: This starts:" in result.stdout


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_figure_is_cut_however_narrow_the_terminal(width: int, run: Run) -> None:
    gpus = [word for name in ("H100", "RTX 5090", "B200", "L40S") for word in ("--gpu", name)]
    asked = ("fit", HYBRID, *gpus, "--max-num-seqs", "4", "--kv-cache-dtype", "fp8")
    whole = run(*asked, "--format", "markdown").stdout
    figures = re.findall(r"\d[\d,.]* to \d[\d,.]*", whole)
    drawn = run(*asked, COLUMNS=str(width)).stdout
    assert figures
    assert [each for each in figures if each not in drawn] == []
