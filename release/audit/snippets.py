"""Calls of Python that load the model into vLLM, as the commands that would say the same."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from release.audit.page import Fence

PYTHON = {"python", "py", "python3", "ipython", ""}
CALLS = {"LLM", "EngineArgs", "AsyncEngineArgs"}
MAGIC = re.compile(r"^[ \t]*[!%][^\n]*", re.MULTILINE)
MODEL = "model"


class Snippet(msgspec.Struct, frozen=True):
    """A call: its first line, and the command; each option stands on the line of its argument."""

    line: int
    text: str


def read_snippets(fence: Fence) -> Iterator[Snippet]:
    """Collect them; code that is no Python has none."""
    if fence.language not in PYTHON or not any(name in fence.text for name in CALLS):
        return
    try:
        tree = ast.parse(MAGIC.sub("", fence.text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    known = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in CALLS:
            yield Snippet(fence.number + node.lineno - 1, _command(node, known))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _constants(tree: ast.Module) -> dict[str, Any]:
    """What names stand for that are given a value once."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for name, value in _pairs(node.targets[0], node.value):
                found.setdefault(name, []).append(value)
    single = {name: _value(values[0], {}) for name, values in found.items() if len(values) == 1}
    return {name: value for name, value in single.items() if value is not None}


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, other)


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _command(call: ast.Call, known: dict[str, Any]) -> str:
    """Arguments whose value is not written down are left out."""
    named = {entry.arg: entry.value for entry in call.keywords if entry.arg}
    first = call.args[0] if call.args else named.pop(MODEL, None)
    model = _value(first, known) if first is not None else None
    text, line = f"vllm serve {shlex.quote(model) if isinstance(model, str) else 'MODEL'}", 0
    for name, node in named.items():
        words = _option(name, _value(node, known))
        below = max(node.lineno - call.lineno - line, 0)
        line += below
        text += "".join(" \\\n" for _ in range(below)) + "".join(f" {word}" for word in words)
    return text


def _option(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    said = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return [f"--{option}", shlex.quote(said)]
