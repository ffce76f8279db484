import os

from tests.conftest import Judge
from tests.mutate import Draft


def test_fires_when_files_are_hidden(mixed: Draft, findings: Judge) -> None:
    mixed.write(".DS_Store", b"x").write(".ipynb_checkpoints/a.txt", b"x")
    mixed.write(".ipynb_checkpoints/b.txt", b"x").write("config.json~", b"x")
    assert sorted(findings("F118", mixed)) == [
        "warning .DS_Store",
        "warning .ipynb_checkpoints/",
        "warning config.json~",
    ]


def test_fires_as_error_for_credentials(mixed: Draft, findings: Judge) -> None:
    for name in (".env", ".ssh/id", ".env.local", "id_ed25519"):
        mixed.write(name, b"x")
    assert sorted(findings("F118", mixed)) == [
        *("error .env", "error .env.local", "error .ssh/", "error id_ed25519"),
    ]


def test_fires_when_names_differ_only_in_case_or_accents(mixed: Draft, findings: Judge) -> None:
    mixed.write("Config.json", b"{}").write("caf\u00e9.txt", b"x").write("cafe\u0301.txt", b"x")
    assert sorted(findings("F118", mixed)) == ["warning caf\u00e9.txt", "warning config.json"]


def test_fires_when_a_name_is_unprintable_or_not_utf8(mixed: Draft, findings: Judge) -> None:
    mixed.write("a\nb.txt", b"x").write("gpj\u202e.txt", b"x")
    (mixed.path / os.fsdecode(b"\xff.txt")).write_bytes(b"x")
    assert sorted(findings("F118", mixed)) == [
        "error \\udcff.txt",
        "warning a\nb.txt",
        "warning gpj\u202e.txt",
    ]


def test_silent_for_what_belongs_to_a_repository(mixed: Draft, findings: Judge) -> None:
    mixed.write(".gitattributes", b"x").write(".gitignore", b"x")
    mixed.write(".eval_results/mmlu.yaml", b"x").write(".git/config", b"x")
    mixed.write(".cache/huggingface/download/config.json.lock", b"")
    assert findings("F118", mixed) == []


def test_silent_when_equal_names_are_in_different_folders(mixed: Draft, findings: Judge) -> None:
    assert findings("F118", mixed.write("original/Config.json", b"{}")) == []
