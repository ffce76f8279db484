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
