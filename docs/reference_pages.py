"""docs/reference: the commands as click has them, and the two files as their schemas have them."""

import json
from collections.abc import Iterator
from typing import Any

import click

from release.cli.examples import EXAMPLES
from release.cli.group import COMMANDS, group
from release.schemas import build_schemas

MADE = "<!-- Written by `make docs` from the code. Do not edit. -->"
MANIFEST_HEAD = f"""\
# release.toml

{MADE}

What only a human knows of a release: `release init` writes a first one. A key that is not here is
an error. Editors complete and check it with the [JSON Schema](release.toml.schema.json): write it
with `release schema manifest -o release.toml.schema.json`, and put
`#:schema ./release.toml.schema.json` into the first line."""
REPORT_HEAD = f"""\
# report.json

{MADE}

What `release verify` found, for programs: `.release/report.json`, or `--format json`. The
[JSON Schema](report.schema.json) is also printed by `release schema report`. Where a fact is not
known, its place holds [why](#notestimated)."""


def commands() -> str:
    """Every command: what it does, its options, examples, exit codes."""
    context = click.Context(group, info_name="release", help_option_names=["-h", "--help"])
    lines = ["# Commands", "", MADE, "", "Every command also has `--help`. Without any:", ""]
    lines += ["```text", group.get_help(context), "```"]
    for name in COMMANDS:
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(name)
        lines += _command(name, command, context)
    return "\n".join(lines) + "\n"


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield from ("", f"## release {name}", "", "```text", command.get_usage(context), "```", "")
    yield from _paragraphs(command.help or "")
    yield from ("```bash", *EXAMPLES[name], "```", "", "| Option | |", "| --- | --- |")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"
    epilog = (command.epilog or "").partition("Examples:")[2].partition("\n\n")[2]
    if epilog:
        yield from ("", *_paragraphs(epilog))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\b", "").split("\n\n"):
        yield from (" ".join(paragraph.split()), "")


def manifest() -> str:
    """The keys of release.toml."""
    return _schema_page(MANIFEST_HEAD, "release.toml.schema.json")


def report() -> str:
    """The fields of report.json."""
    return _schema_page(REPORT_HEAD, "report.schema.json")


def _schema_page(head: str, name: str) -> str:
    definitions = json.loads(build_schemas()[name])["$defs"]
    lines = [head]
    for title, schema in definitions.items():
        lines += _definition(title, schema)
    return "\n".join(lines) + "\n"


def _definition(title: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"## {title}", "", _prose(schema.get("description", "")), "")
    yield from ("| Key | Type | |", "| --- | --- | --- |")
    required = schema.get("required", ())
    for key, field in schema.get("properties", {}).items():
        notes = [_prose(field.get("description", "")), "required" if key in required else ""]
        default = field.get("default")
        notes += [f"default `{json.dumps(default)}`" if default not in (None, [], {}, "") else ""]
        yield f"| `{key}` | {_type(field)} | {_cell('; '.join(filter(None, notes)))} |"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return _cell(" or ".join(map(_type, field["anyOf"])))
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if field.get("type") == "array":
        items = field.get("items")
        return f"list of {_type(items)}" if items else "list"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"table of {_type(field['additionalProperties'])}"
    return str(field.get("format") or field.get("type", "anything"))


def _prose(text: str) -> str:
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
