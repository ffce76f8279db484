import os

from release.checkpoint import Checkpoint, open_checkpoint
from release.facts import Facts, Level
from release.rules.catalogue import find_rule
from release.rules.runner import run_rules
from tests.conftest import Judge
from tests.mutate import Draft


def judge(checkpoint: Checkpoint) -> list[str]:
    verdicts = run_rules([find_rule("F123").load()], Facts({"checkpoint": checkpoint}, Level.BYTES))
    assert not verdicts.not_checked
    return [f"{found.severity} {found.where}: {found.message}" for found in verdicts.findings]


def test_fires_when_a_file_is_replaced_removed_or_written_to(mixed: Draft) -> None:
    recipe = (mixed.path / "recipe.yaml").read_bytes()
    opened = open_checkpoint(mixed.write("recipe.yaml", recipe).path)  # no link to the original
    mixed.write("config.json", (mixed.path / "config.json").read_bytes()).remove("tokenizer.json")
    os.utime(mixed.path / "recipe.yaml", ns=(0, 0))
    assert judge(opened) == [
        "error config.json: was replaced while it was verified",
        "error recipe.yaml: was written to while it was verified",
        "error tokenizer.json: has gone since the checkpoint was opened",
    ]


def test_silent_when_only_the_card_is_written(mixed: Draft) -> None:
    opened = open_checkpoint(mixed.write("README.md", "before").path)
    mixed.write("README.md", "after")
    assert judge(opened) == []


def test_silent_when_nothing_changes(mixed: Draft, findings: Judge) -> None:
    assert findings("F123", mixed) == []
