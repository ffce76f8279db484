import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint
from tests.checks.card.conftest import AuditLines


def shell(*lines: str, place: str = "RTX 5090") -> str:
    return "\n".join([f"### {place}", "", "```bash", *lines, "```", ""])


def python(*lines: str) -> str:
    return "\n".join(["```python", *lines, "```", ""])


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (
            ['llm = LLM("acme/a", max_model_len=1048576)'],
            "1 error vLLM refuses it: --max-model-len",
        ),
        (
            ['llm = LLM("acme/a", quantization="awq")'],
            "1 error vLLM refuses it: --quantization awq",
        ),
        (
            ["length, tp = 1048576, 1", "", "a = LLM(m, max_model_len=length)"],
            "3 error vLLM refuses",
        ),
        (["a = LLM(", "  model=m,", "  max_modl_len=8192,", ")"], "3 error '--max-modl-len'"),
    ],
)
def test_fires_on_what_vllm_does_not_take_from_python(
    audit: AuditLines, lines: list[str], what: str
) -> None:
    [found] = audit("K105", python(*lines))
    number, _, rest = what.partition(" ")
    assert found.startswith(f"{int(number) + 1} {rest}")


def test_fires_on_a_context_that_does_not_fit(audit: AuditLines) -> None:
    serve = ("vllm serve acme/a \\", "  --max-model-len 131072 \\", "  --enforce-eager")
    [found] = audit("K105", shell(*serve))
    assert found.startswith("4 error does not start on RTX 5090: ")


def test_fires_on_the_same_command_in_plain_text(audit: AuditLines) -> None:
    text = "RTX 5090 (32 GB):\n\nvllm serve acme/a \\\n--max-model-len 131072 --enforce-eager\n"
    [found] = audit("K105", text)
    assert found.startswith("3 error does not start on RTX 5090: one request of 131,072 tokens")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("pip install vllm>=0.17.0", "a shell takes vllm>=0"),
        ("pip install -U 'x' transformers<6", "a shell takes transformers<6"),
        ("vllm serve acme/a --max-modl-len 4096", "did you mean --max-model-len?"),
        ("vllm serve acme/a --max-model-len lots", "--max-model-len"),
        ('vllm serve acme/a --served-model-name "x', "the command cannot be read"),
        ("vllm serve acme/a -tp 5", "24 attention heads cannot be split over 5 GPUs"),
        ("vllm serve acme/a --max-model-len 1048576", "more than the model's 262,144 tokens"),
        ("vllm serve acme/a --quantization awq", "config.json says compressed-tensors"),
    ],
)
def test_fires_on_what_no_shell_or_server_takes(audit: AuditLines, line: str, what: str) -> None:
    [found] = audit("K105", shell(line, place="Usage"))
    assert found.startswith("4 error ")
    assert what in found


@pytest.mark.parametrize(
    "line",
    [
        "pip install git+https://github.com/x/vllm.git@fix",
        "sed -i s/a/b/ utils.py",
    ],
)
def test_fires_on_what_will_not_stay(audit: AuditLines, line: str) -> None:
    [found] = audit("K105", shell(line))
    assert found.startswith("4 warning ")


def test_fires_on_the_line_of_the_option(audit: AuditLines) -> None:
    text = shell(
        "vllm serve acme/a \\", "  --max-num-seqs 4 \\", "  --max-num-seqz 8", place="Usage"
    )
    [found] = audit("K105", text)
    assert found.startswith("6 error ")


def test_fires_on_an_option_that_is_not_written_out(audit: AuditLines) -> None:
    [found] = audit("K105", shell("vllm serve acme/a --tool-parser qwen3", place="Usage"))
    assert found.startswith("4 warning vLLM takes --tool-parser for --tool-parser-plugin")


def test_fires_on_gpus_that_are_not_used(audit: AuditLines) -> None:
    serve = "vllm serve acme/a --max-model-len 8192 --kv-cache-dtype fp8 --max-num-seqs 4"
    text = shell(
        f"{serve} --language-model-only --gpu-memory-utilization 0.95", place="2x RTX 5090"
    )
    assert audit("K105", text) == ["4 warning is for 2 × RTX 5090 and uses 1"]


@pytest.mark.parametrize(
    "text",
    [
        shell('pip install "vllm>=0.19.1"', "pip install 'transformers>=5,<6' vllm==0.32.0"),
        shell("vllm serve acme/a --max-model-len 262144", place="H200"),
        shell("vllm serve acme/a", place="Usage"),
        shell("vllm serve acme/a --quantization compressed-tensors", place="Usage"),
        shell("vllm serve acme/a -q humming", place="Usage"),
        python('LLM(model="acme/a", max_model_len=4096, enable_sleep_mode=True)'),
        python("LLM(model=name, max_model_len=length, seed=seed_of(1))"),
        python("length = 1 << 20", "LLM(model=name, max_model_len=length"),
        shell("vllm serve acme/a -tp 4 --max-num-seqs 4096", place="Usage"),
        "```python\nx = 1 if a > 2 else 3\n```\n",
        shell("vllm serve acme/a > server.log 2>&1 &", place="Usage"),
        shell("pip install vllm  # >=0.19", place="Usage"),
        shell("# or pass it to vllm serve below", place="Usage"),
    ],
)
def test_silent_on_what_works(audit: AuditLines, text: str) -> None:
    assert audit("K105", text) == []


def test_fires_on_an_option_that_went(large: Checkpoint) -> None:
    text = shell("pip install vllm==0.17.1", "vllm serve acme/a --swap-space 4", place="Usage")
    report = audit_card(Audit("README.md", text, large))
    assert "K105" not in {found.rule for found in report.findings}
    newer = audit_card(Audit("README.md", text.replace("0.17.1", "0.19.1"), large))
    [found] = [found for found in newer.findings if found.rule == "K105"]
    assert "vLLM 0.19 has no option --swap-space: it went with 0.18" in found.message
    assert found.where.line == 5


def test_silent_on_options_of_a_release_that_is_not_known(large: Checkpoint) -> None:
    text = shell("pip install vllm==0.16.0", "vllm serve acme/a --swap-space 4", place="Usage")
    report = audit_card(Audit("README.md", text, large))
    assert "K105" not in {found.rule for found in report.findings}
    [said] = [entry for entry in report.not_checked if "options" in entry.what]
    assert said.what == "the options of the command on line 5, for vLLM 0.16.0"
