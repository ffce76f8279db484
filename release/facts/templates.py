"""Chat templates: every one a checkpoint carries, parsed as transformers would, never run here."""

from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError
from release.facts.tokenizer import SETTINGS_FILE, TEMPLATE_FILES, Tokenizer

MORE_TEMPLATES = "additional_chat_templates/"
TEMPLATE_CAP = 1 << 20


class ChatTemplates(msgspec.Struct, frozen=True):
    """Template texts by the place they are kept at, and why some could not be read or parsed.

    A named template of tokenizer_config.json stands under `tokenizer_config.json: name`.
    """

    texts: dict[str, str]
    problems: dict[str, str]


def provide_templates(checkpoint: Checkpoint, tokenizer: Tokenizer) -> ChatTemplates:
    """Collect and parse every template."""
    texts = dict(tokenizer.templates)
    problems = {
        error.file: error.what for error in tokenizer.problems if error.file in TEMPLATE_FILES
    }
    named = tokenizer.settings.get("chat_template")
    for entry in named if isinstance(named, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("template"), str):
            texts[f"{SETTINGS_FILE}: {entry.get('name')!s:.40}"] = entry["template"]
    for file in checkpoint.files:
        if file.startswith(MORE_TEMPLATES) and file.endswith(".jinja"):
            try:
                texts[file] = checkpoint.read_text(file)
            except CheckpointError as error:
                problems[file] = error.what
    for place, text in texts.items():
        what = _problem(text)
        if what:
            problems[place] = what
    return ChatTemplates(texts, problems)


def _problem(text: str) -> str | None:
    """Say why a template cannot be compiled, without compiling: that would compute constants."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - most commands need no jinja2

    if len(text) > TEMPLATE_CAP:
        return f"is {len(text):,} characters long, more than a template needs"
    environment = template_environment()
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    except RecursionError:
        return "is nested too deeply"
    except ValueError as error:  # an integer of more digits than Python converts
        return f"cannot be parsed: {error}"
    return _unknown_name(tree, environment)


def _unknown_name(tree: Any, environment: Any) -> str | None:
    """Name a filter or test that there is none of; under a condition Jinja looks it up late."""
    from jinja2 import nodes  # noqa: PLC0415 - most commands need no jinja2

    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Filter) and node.name not in environment.filters:
            return f"line {node.lineno}: no filter named {node.name!r}"
        if isinstance(node, nodes.Test) and node.name not in environment.tests:
            return f"line {node.lineno}: no test named {node.name!r}"
        if not isinstance(node, nodes.If | nodes.CondExpr):
            waiting.extend(node.iter_child_nodes())
    return None


def template_environment() -> Any:
    """Give the environment that transformers compiles chat templates in."""
    from jinja2 import nodes  # noqa: PLC0415 - most commands need no jinja2
    from jinja2.ext import Extension  # noqa: PLC0415
    from jinja2.parser import Parser  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Generation(Extension):
        """`{% generation %}` marks what the assistant wrote; it renders as its body."""

        tags = {"generation"}  # noqa: RUF012 - Jinja's own interface

        def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
            """Give the body in a scope of its own."""
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    return ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Generation, "jinja2.ext.loopcontrols"],
    )
