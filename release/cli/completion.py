"""`release completion`."""

import click

from release.cli.options import silent_option

PROGRAM, OTHER_NAME = "release", "release-checkpoint"
VARIABLE = "_RELEASE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@silent_option
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options, codes of rules and GPUs."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - keeps --help fast

    kind = get_completion_class(shell)
    assert kind is not None, "click has all three"  # noqa: S101
    completion = kind(ctx.find_root().command, {}, PROGRAM, VARIABLE)
    text = (completion.source_template % completion.source_vars()).strip()
    click.echo(_for_both_names(text, shell))


def _for_both_names(text: str, shell: str) -> str:
    """Let the command's other name be completed as well."""
    if shell == "fish":
        return f"{text}\n\ncomplete --command {OTHER_NAME} --wraps {PROGRAM}"
    lines = text.splitlines()
    registers = ("complete ", "compdef ", "#compdef ")
    return "\n".join(
        f"{line.rstrip(';')} {OTHER_NAME}"
        if line.strip().startswith(registers) and line.rstrip(";").endswith(f" {PROGRAM}")
        else line
        for line in lines
    )
