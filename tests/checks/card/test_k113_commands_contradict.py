from tests.checks.card.conftest import AuditLines

SERVE = "```bash\nvllm serve acme/a --max-model-len {} {}\n```\n"


def card(*commands: tuple[str, int, str]) -> str:
    return "".join(f"## {gpu}\n{SERVE.format(length, rest)}" for gpu, length, rest in commands)


def test_fires_on_two_commands_for_one_gpu_and_length(audit: AuditLines) -> None:
    text = card(("RTX 5090", 8192, "--enforce-eager"), ("RTX 5090", 8192, "--seed 1"))
    assert audit("K113", text) == [
        (
            "7 warning differs from the command on line 9, which is for the same GPU "
            "(RTX 5090), in --enforce-eager, --seed"
        )
    ]


def test_silent_on_other_gpus_lengths_and_on_a_repetition(audit: AuditLines) -> None:
    text = card(
        ("RTX 5090", 8192, "--enforce-eager"),
        ("H100", 8192, ""),
        ("2x RTX 5090", 8192, "--tensor-parallel-size 2"),
        ("RTX 5090", 4096, "--max-num-seqs 8"),
        ("RTX 5090", 8192, "--enforce-eager"),
    )
    assert audit("K113", text) == []
