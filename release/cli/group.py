"""The group of commands. They live in their own files and are imported when they are called."""

import importlib
import os
import sys
from typing import Any

import click

from release import __version__
from release.cli import INTERRUPTED
from release.errors import ReleaseError

COMMANDS = {
    "init": "Write a first release.toml, filled in as far as files tell.",
    "verify": "Check a checkpoint, and write the report that card and push speak from.",
    "tables": "Weights by component and precision; KV cache and state bytes.",
    "fit": "Does it start on this GPU, how long a context, how many requests?",
    "smoke": "Load and generate in vLLM, and judge what it says.",
    "card": "Render the model card from the report.",
    "push": "Publish exactly the verified bytes on the Hub.",
    "diff": "What changed between two checkpoints, revisions or reports.",
    "rule": "Explain a rule, or list them all.",
    "doctor": "Is everything here: Python, vLLM, GPU, disk, token?",
    "schema": "JSON Schema of report.json or release.toml.",
    "completion": "Make the shell complete commands and options.",
    "demo": "Run the whole path on a tiny real checkpoint.",
}
EPILOG = """\b
Start with:
  release demo              the whole path on a tiny checkpoint; no GPU, no token
  release verify ./ckpt     what is wrong with a checkpoint of yours
  release doctor            what this machine lacks

\b
Exit codes:
  0  clean
  1  findings
  2  usage error, or it could not run
  3  something required could not be checked
"""


class LazyGroup(click.Group):
    """Answers `--help` without importing a command, and gives each command its examples."""

    _met: set[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._met = set()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of a release."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command's file."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"release.cli.{cmd_name}").command
        if cmd_name not in self._met:
            from release.cli.examples import epilog  # noqa: PLC0415 - not for `release --help`

            command.epilog = epilog(cmd_name, command.epilog)
            self._met.add(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only for the hint

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the names of commands without importing them, and options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for the shell only

        names = [name for name in COMMANDS if name.startswith(incomplete)]
        items = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands by their summaries above, so that none is imported."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="release")
@click.option("--traceback", is_flag=True, help="Show where an error came from.")
def group(traceback: bool) -> None:
    """The gate between a quantized LLM checkpoint and the Hugging Face Hub."""
    if traceback:
        os.environ["RELEASE_TRACEBACK"] = "1"


def run() -> None:
    """Run the command line; every error ends here, as one line and an exit code."""
    try:
        code = group.main(prog_name="release", standalone_mode=False)
    except click.exceptions.Abort as abort:
        _fail(*_ending(abort.__cause__))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ReleaseError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone; point stdout elsewhere so that exit stays silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt as stop:
        _fail(*_ending(stop))
    except Exception as error:  # noqa: BLE001 - the one boundary
        _fail(
            f"internal error: {type(error).__name__}: {error} (please report it; see --traceback)",
            2,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _ending(stop: BaseException | None) -> tuple[str, int]:
    """Say what ended us, and the exit code that goes with it: see `release.leaving`."""
    word, code = stop.args if isinstance(stop, KeyboardInterrupt) and stop.args else ("", 0)
    return (str(word), int(code)) if word else ("interrupted", INTERRUPTED)


def _fail(text: str, code: int) -> None:
    from release.text import without_tokens  # noqa: PLC0415 - help imports nothing that it can spare

    if os.environ.get("RELEASE_TRACEBACK"):
        import traceback  # noqa: PLC0415 - only when asked for

        click.echo(without_tokens(traceback.format_exc()), err=True)
    plain = False if os.environ.get("NO_COLOR") else None
    click.secho("error", fg="red", bold=True, nl=False, err=True, color=plain)
    click.echo(": " + without_tokens(" ".join(text.split())), err=True)
    from release.leaving import leave  # noqa: PLC0415

    leave(code)
