import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 675664\n"
SHARD = "model-00001-of-00003.safetensors"
INDEX = "model.safetensors.index.json"


def test_fires_when_a_shard_is_a_pointer(mixed: Draft, findings: Judge) -> None:
    assert findings("F106", mixed.write(SHARD, POINTER)) == [f"error {SHARD}"]


def test_fires_when_a_side_file_is_a_pointer(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("tokenizer.json", POINTER).write("config.json", POINTER)
    assert sorted(findings("F106", broken)) == ["error config.json", "error tokenizer.json"]


def test_fires_when_a_needed_file_is_empty(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(SHARD, b"").write(INDEX, b"").write("tokenizer.json", b"")
    assert sorted(findings("F106", broken)) == [
        f"error {SHARD}",
        f"error {INDEX}",
        "error tokenizer.json",
    ]


def test_fires_as_warning_when_another_file_is_empty(mixed: Draft, findings: Judge) -> None:
    assert findings("F106", mixed.write("LICENSE", b"")) == ["warning LICENSE"]


def test_silent_when_a_file_is_empty_by_custom(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").write("code/__init__.py", b"").write(".gitattributes", b"")
    assert findings("F106", kept) == []


def test_silent_when_a_text_tells_about_pointers(mixed: Draft, findings: Judge) -> None:
    assert findings("F106", mixed.write("README.md", f"An LFS file begins so:\n{POINTER}")) == []


PAGES = {
    b"<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head></html>": "web page",
    b"\n <html lang='en'>": "web page",
    b"# xet version 0\nfilesize = 675664\nhash = '4d7a'\n": "git-xet pointer",
    b"version https://git-lfs.github.com/spec/v1\r\noid sha256:4d7a\r\n": "git-LFS pointer",
    b"Entry not found": "server's error",
    b"Invalid username or password.": "server's error",
    b'{"error":"Access to model acme/tiny is restricted"}': "server's error",
    b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>': "server's error",
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("file", [SHARD, "config.json", "tokenizer.json", "merges.txt", INDEX])
def test_fires_when_a_download_left_something_else(
    file: str, page: bytes, mixed: Draft, findings: Judge, messages: Judge
) -> None:
    broken = mixed.write(file, page)
    assert findings("F106", broken) == [f"error {file}"]
    assert PAGES[page] in messages("F106", broken)[0]


@pytest.mark.parametrize(
    ("head", "word"),
    [(b"PK\x03\x04" + bytes(26) + b"model/data.pkl", "pickle"), (b"GGUF\x03\0\0\0", "GGUF model")],
)
def test_fires_when_weights_are_of_another_format(
    head: bytes, word: str, mixed: Draft, messages: Judge
) -> None:
    (message,) = messages("F106", mixed.write(SHARD, head + bytes(2000)))
    assert word in message


def test_silent_on_pages_that_are_meant(mixed: Draft, findings: Judge) -> None:
    mixed.write("report.html", b"<html></html>").write("notes.txt", b"404: Not Found is an error")
    assert findings("F106", mixed.write("errors.md", b"Entry not found\n===")) == []
