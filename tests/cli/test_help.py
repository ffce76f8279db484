import re
import shlex
from itertools import takewhile

import click
import pytest

from release.cli.examples import EXAMPLES
from release.cli.group import COMMANDS, group
from tests.conftest import DEMO, Run

CODES = ("0  clean", "1  findings", "2  usage error", "3  something required")


def test_help_names_every_command_and_exit_code(run: Run) -> None:
    done = run("--help")
    assert re.findall(r"^  (\w+)  ", done.stdout, re.MULTILINE)[: len(COMMANDS)] == list(COMMANDS)
    assert all(code in done.stdout for code in CODES)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, run: Run) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: release {command}")
    assert "-h, --help" in done.stdout
    assert all(f"  {line}\n" in done.stdout for line in EXAMPLES[command])
    assert run(command, "--no-such-option").returncode == 2


def test_a_misspelt_command_is_met_with_the_nearest(run: Run) -> None:
    done = run("verfy")
    assert done.returncode == 2
    assert "No such command 'verfy'. Did you mean 'verify'?" in done.stderr
    assert "Did you mean" not in run("zzz").stderr


@pytest.mark.parametrize("args", [["tables", DEMO], ["rule", "Q101"], ["verify", DEMO]])
def test_quiet_is_accepted_everywhere(args: list[str], run: Run) -> None:
    done = run(*args, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    "line", [line for lines in EXAMPLES.values() for line in lines], ids=lambda line: line[8:40]
)
def test_every_example_is_one(line: str) -> None:
    _, name, *args = shlex.split(line)
    words = list(takewhile(lambda word: not word.startswith(">"), args))
    command = group.get_command(click.Context(group), name)
    assert command is not None
    command.make_context(name, words).close()  # parses; an unknown option raises
