import os

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from tests.conftest import Judge
from tests.mutate import Draft


def test_fires_for_a_pipe(mixed: Draft, findings: Judge) -> None:
    os.mkfifo(mixed.path / "model-00004-of-00004.safetensors")
    assert findings("F124", mixed) == ["error model-00004-of-00004.safetensors"]


def test_fires_when_a_file_has_gone_before_it_is_read(mixed: Draft) -> None:
    opened = open_checkpoint(mixed.path)
    mixed.remove("tokenizer.json")
    facts = Facts({"checkpoint": opened}, Level.HEADERS)
    found = run_rules([find_rule("F124").load()], facts).findings
    assert [str(finding.where) for finding in found] == ["tokenizer.json"]


def test_silent_when_only_the_owner_may_read(mixed: Draft, findings: Judge) -> None:
    for file in mixed.path.iterdir():
        mixed.write(file.name, file.read_bytes())
        (mixed.path / file.name).chmod(0o400)
    assert findings("F124", mixed) == []


def test_fires_when_a_file_is_a_folder(mixed: Draft, findings: Judge) -> None:
    mixed.remove("tokenizer.json")
    (mixed.path / "tokenizer.json").mkdir()
    assert findings("F124", mixed) == ["error tokenizer.json"]


def test_silent_when_a_folder_deeper_down_has_such_a_name(mixed: Draft, findings: Judge) -> None:
    (mixed.path / "examples" / "chat.json").mkdir(parents=True)
    assert findings("F124", mixed) == []
