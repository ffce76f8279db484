"""`release rule`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from release.cli.console import use_color, write_result
from release.cli.options import complete_rules, format_option, output_option, silent_option

if TYPE_CHECKING:
    from release.rules.catalogue import LoadedRule

COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}


@click.command()
@click.argument("code", metavar="[CODE]", required=False, shell_complete=complete_rules)
@format_option("human", "json")
@output_option
@silent_option
def command(code: str | None, style: str, output: Path | None) -> None:
    """Explain the rule CODE (`Q101` or `group-matches-nothing`), or list every rule.

    What it checks, why that matters and what breaks where, how to fix it, where it was seen.
    """
    from release.rules.catalogue import all_rules, find_rule  # noqa: PLC0415 - keeps --help fast

    rules = [find_rule(code).load()] if code else [rule.load() for rule in all_rules()]
    if style == "json":
        import msgspec  # noqa: PLC0415

        entries: Any = [_entry(loaded, page=code is not None) for loaded in rules]
        document = msgspec.json.encode(entries[0] if code else entries)
        write_result(msgspec.json.format(document, indent=2).decode(), output)
        return
    text = _page(rules[0]) if code else _list(rules)
    write_result(text if use_color(output) else click.unstyle(text), output)


def _entry(loaded: "LoadedRule", *, page: bool) -> dict[str, Any]:
    """One rule as JSON; its whole text only where one rule was asked for."""
    rule = loaded.rule
    entry = {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "severity": loaded.metadata.severity,
        "levels": loaded.level_names,
        "since": loaded.metadata.since,
        "title": rule.title,
    }
    return entry | ({"page": rule.page} if page else {})


def _page(loaded: "LoadedRule") -> str:
    from release.rules.catalogue import LABELS  # noqa: PLC0415

    rule, metadata = loaded.rule, loaded.metadata
    severity = click.style(metadata.severity, fg=COLORS[metadata.severity])
    name = click.style(str(rule), bold=True)
    facts = f"{severity} · {', '.join(loaded.level_names)} · since {metadata.since}"
    labels = "|".join(LABELS)
    page = re.sub(rf"(?m)^({labels}):", lambda match: click.style(match[0], bold=True), rule.page)
    return f"{name}\n{facts}\n\n{page}"


def _list(rules: "list[LoadedRule]") -> str:
    width = max(len(loaded.rule.name) for loaded in rules)
    lines = []
    family = ""
    for loaded in rules:
        rule, severity = loaded.rule, loaded.metadata.severity
        if rule.family != family:
            family = rule.family
            lines += ["", click.style(family, bold=True)]
        mark = click.style(f"{severity:<7}", fg=COLORS[severity])
        lines.append(f"  {rule.code}  {mark}  {rule.name:<{width}}  {rule.title}")
    return "\n".join([*lines[1:], "", f"{len(rules)} rules; `release rule CODE` explains one"])
