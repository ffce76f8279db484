import json

import pytest

from tests.conftest import Judge
from tests.mutate import Draft


@pytest.mark.parametrize(
    "text",
    [
        "/home/someone/models/base",
        "/root/out",
        "/Users/some one/model",
        "/mnt/my disk/model",
        "/lustre/project/run_7/",
        "~/models/base",
        "C:\\Users\\someone\\model",
        "D:/models/base",
        "\\\\server\\share\\model",
        "file:///tmp/model",
        "s3://bucket/model",
        "gs://bucket/model",
    ],
)
def test_fires_when_the_config_names_a_place(mixed: Draft, findings: Judge, text: str) -> None:
    assert findings("F121", mixed.config("model_type", text)) == ["warning config.json: model_type"]


def test_fires_when_the_recipe_names_a_dataset(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("recipe.yaml", "stage:\n  dataset: '/data/private/train'\n")
    assert findings("F121", broken) == ["warning recipe.yaml: line 2"]


def test_fires_when_a_header_says_where_it_was_made(mixed: Draft, findings: Judge) -> None:
    shard = "model-00003-of-00003.safetensors"
    broken = mixed.header(
        shard, lambda header: header["__metadata__"].update(source="/home/someone/base")
    )
    assert findings("F121", broken) == [f"warning {shard}: __metadata__.source"]


@pytest.mark.parametrize(
    "text",
    [
        "owner/name",
        "./relative/path",
        "https://huggingface.co/owner/name",
        "re:.*/layers/.*",
        "/think",
        "{% if x %}/home/user/x{% endif %}",
        "ratio 1/2",
        "/",
        "a:b",
    ],
)
def test_silent_when_a_string_is_no_place(mixed: Draft, findings: Judge, text: str) -> None:
    kept = mixed.edit("tokenizer_config.json", "tokenizer_class", text)
    assert findings("F121", kept) == []


def test_silent_when_a_token_of_the_vocabulary_looks_like_one(
    mixed: Draft, findings: Judge
) -> None:
    settings = mixed.read("tokenizer_config.json")
    settings["added_tokens_decoder"] = {"7": {"content": "/usr/bin/env"}}
    settings["additional_special_tokens"] = ["/home/user/"]
    kept = mixed.write("tokenizer_config.json", json.dumps(settings))
    assert findings("F121", kept) == []


def test_silent_when_the_card_gives_a_command(mixed: Draft, findings: Judge) -> None:
    assert findings("F121", mixed.write("README.md", "cd /workspace/model && ls\n")) == []
