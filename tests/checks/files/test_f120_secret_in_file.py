import json

import pytest

from tests.conftest import Judge
from tests.mutate import Draft

# Put together here so that no scanner takes this file for a leak.
BODY = "aQ7RmZkT2bXwY9LpN4cVhG6sJdF3eUiKoB8tMzWxqC1vHyDnSfPg5rAjEuLk0TbY"
LETTERS = "".join(char for char in BODY + BODY if char.isalpha())


@pytest.mark.parametrize(
    "text",
    [
        "hf_" + LETTERS[:34],
        "ghp_" + BODY[:36],
        "github_pat_" + (BODY + BODY)[:82],
        "glpat-" + BODY[:20],
        "sk-" + BODY[:48],
        "sk-proj-" + BODY[:60],
        "AKIA" + "Q3RZ7XW2LP9CVH5J",
        "AIza" + BODY[:35],
        "xoxb-" + "730915482266-" + BODY[:24],
        "eyJ" + BODY[:20] + ".eyJ" + BODY[:40] + "." + BODY[:43],
        "api_key = '" + BODY[:32] + "'",
        'WANDB_API_KEY="' + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b" + '"',
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + BODY,
        "npm_" + BODY[:36],
        "pypi-AgEIcHlwaS5vcmc" + BODY,
        "sk_" + "live_" + BODY[:24],
        "nvapi-" + BODY[:64],
        "gsk_" + BODY[:52],
        "r8_" + BODY[:37],
        "dapi" + "9f86d081884c7d659a2feaa0c55ad015",
        "SG." + BODY[:22] + "." + BODY[:43],
        "git clone https://bob:" + BODY[:16] + "@example.org/x.git",
        "Authorization: Bearer " + BODY[:40],
        "wandb login 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "HF_TOKEN=" + BODY[:34],
        "CIVITAI_TOKEN=9f86d081884c7d659a2feaa0c55ad015",
    ],
)
def test_fires_when_a_text_holds_a_secret(mixed: Draft, findings: Judge, text: str) -> None:
    assert findings("F120", mixed.write("notes.md", f"first\n{text}\n")) == [
        "error notes.md: line 2"
    ]


def test_fires_inside_json_and_in_vocabularies(mixed: Draft, findings: Judge) -> None:
    token = "hf_" + LETTERS[:34]
    mixed.write("notes.json", json.dumps({"run": f"login\n{token}"}))
    mixed.edit("tokenizer.json", "version", token)
    assert [line.partition(":")[0] for line in findings("F120", mixed)] == [
        "error notes.json",
        "error tokenizer.json",
    ]


def test_fires_in_a_header_without_printing_the_value(mixed: Draft, findings: Judge) -> None:
    shard, token = "model-00003-of-00003.safetensors", "hf_" + LETTERS[:34]
    broken = mixed.header(shard, lambda header: header["__metadata__"].update(run=f"HF={token}"))
    assert findings("F120", broken) == [f"error {shard}: __metadata__.run"]


@pytest.mark.parametrize(
    "text",
    [
        "export HF_TOKEN=hf_" + "x" * 34,
        "export HF_TOKEN=hf_yourTokenGoesHereAndThenSomeMoreTx",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-learn-and-other-packages-with-very-long-dashed-names",
        "https://user:password@example.org, https://$USER:$TOKEN@example.org/repository",
        "EOS_TOKEN=<|im_end|>, PAD_TOKEN=151643, num_token: 12345678901234567890",
        "Authorization: Bearer $HF_TOKEN, --api-key token-abc123",
        "pypi-attestations-and-other-packages-with-names-that-are-very-long-and-dashed-too",
        "task-" + BODY[:40],
        "0123456789abcdef" * 4,
        "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "token = os.environ['HF_TOKEN']",
        "api_key = settings.services.inference.production.Key2024()",
        "api_key: str | None = None",
        "password: correct-horse-battery-staple",
        "access_token = get_Access_Token_From_Vault2(name)",
        '"eos_token": "<|endoftext|>"',
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_silent_when_it_only_looks_alike(mixed: Draft, findings: Judge, text: str) -> None:
    assert findings("F120", mixed.write("notes.md", f"{text}\n")) == []
