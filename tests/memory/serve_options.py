"""Prints every option of the installed vLLM's `serve`, as serve_options.txt holds them."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from typing import Any

from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.reasoning import ReasoningParserManager
from vllm.tool_parsers import ToolParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser

COUNTS = {0: "", "+": " ...", "*": " ...", "?": " [VALUE]"}
# What a kind of value is told by: texts that are read, and texts that are not.
KINDS = {
    "INT": (("1",), ("1.5", "1k", "x")),
    "SIZE": (("1", "1k"), ("x",)),
    "FLOAT": (("1", "1.5"), ("x", "{}")),
    "JSON": (('{"a":1}',), ("x", '{"a":1')),
}
REGISTERED = {
    "--tool-call-parser": ToolParserManager,
    "--reasoning-parser": ReasoningParserManager,
}


def main() -> None:
    parser = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
    found = set()
    for action in parser._actions:  # noqa: SLF001 - argparse has no other list
        switch = type(action).__name__ == "BooleanOptionalAction"
        for name in action.option_strings:
            if not (switch and name.startswith("--no-")) and name not in {"-h", "--help"}:
                found.add(name + COUNTS.get(action.nargs, f" {value(name, action)}"))
    sys.stdout.write("\n" + "\n".join(sorted(found)) + "\n")


def value(name: str, action: Any) -> str:
    """What an option takes: one of some words, an object with some keys, a number, or anything."""
    words = REGISTERED[name].list_registered() if name in REGISTERED else action.choices
    if words and all(isinstance(word, str) for word in words if word is not None):
        return "|".join(sorted(word for word in words if word))
    keys = (getattr(action.type, "__defaults__", None) or [None])[0]
    if dataclasses.is_dataclass(keys):
        return "{" + ",".join(sorted(field.name for field in dataclasses.fields(keys))) + "}"
    for kind, (right, wrong) in KINDS.items():
        read = [text for text in (*right, *wrong) if reads(action.type, text)]
        if read == list(right):
            return kind
    return "VALUE"


def reads(read: Callable[[str], Any] | None, text: str) -> bool:
    try:
        (read or str)(text)
    except (argparse.ArgumentTypeError, ValueError, TypeError):
        return False
    return True


main()
