"""The child: renders an untrusted chat template in jinja's sandbox, under limits.

The environment is transformers' (utils/chat_template_utils.py): trimmed blocks, loop controls, the
`generation` block, `raise_exception`, `strftime_now`, and a `tojson` that escapes nothing.
"""

import contextlib
import json
import resource
import sys
from collections.abc import Callable
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_SECONDS = 5
MEMORY_BYTES = 512 << 20
OUTPUT_CHARACTERS = 1 << 20
ERROR_CHARACTERS = 200


class Refused(Exception):  # noqa: N818 - the template's own word, not a failure
    """The template called `raise_exception`."""


class Generation(Extension):
    """`{% generation %}` marks what the assistant says; it prints its body."""

    tags = {"generation"}  # noqa: RUF012 - the base class's attribute

    def parse(self, parser: Parser) -> Node:
        """Read up to `{% endgeneration %}`."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller: Callable[[], str]) -> str:
        return caller()


def _refuse(message: str) -> None:
    raise Refused(message)


def _to_json(value: Any, **options: Any) -> str:
    options.setdefault("ensure_ascii", False)
    return json.dumps(value, **options)


def _environment(moment: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda _format: moment
    return environment


def _render(template: jinja2.Template, values: dict[str, Any]) -> dict[str, Any]:
    pieces: list[str] = []
    length = 0
    try:
        for piece in template.generate(**values):
            length += len(piece)
            if length > OUTPUT_CHARACTERS:
                return {"error": f"prints more than {OUTPUT_CHARACTERS:,} characters"}
            pieces.append(piece)
    except Refused as refusal:
        return {"error": _line(refusal), "refused": True}
    except Exception as error:  # noqa: BLE001 - whatever a stranger's template does is its outcome
        return {"error": f"{type(error).__name__}: {_line(error)}"}
    text = "".join(pieces)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return {"error": "prints half of a surrogate pair, which is no text"}
    return {"text": text}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:ERROR_CHARACTERS]


def main() -> None:
    """Read the order from stdin, write the outcome to stdout."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with contextlib.suppress(ValueError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    order = json.load(sys.stdin.buffer)
    try:
        template = _environment(order["moment"]).from_string(order["template"])
    except jinja2.TemplateSyntaxError as error:
        outcome: dict[str, Any] = {"syntax": f"line {error.lineno}: {_line(error)}", "turns": {}}
    except Exception as error:  # noqa: BLE001 - hostile source can break the compiler in its own ways
        outcome = {"syntax": f"{type(error).__name__}: {_line(error)}", "turns": {}}
    else:
        common = {"tools": None, "documents": None} | order["special"]
        turns = {
            name: _render(template, common | values)
            for name, values in order["conversations"].items()
        }
        outcome = {"syntax": None, "turns": turns}
    sys.stdout.write(json.dumps(outcome))


if __name__ == "__main__":
    main()
