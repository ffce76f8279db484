"""Prints every option of the installed vLLM's `serve`, as serve_options.txt holds them."""

import sys

from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser

COUNTS = {0: "", "+": " ...", "*": " ...", "?": " [VALUE]"}


def main() -> None:
    parser = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
    found = set()
    for action in parser._actions:  # noqa: SLF001 - argparse has no other list
        switch = type(action).__name__ == "BooleanOptionalAction"
        for name in action.option_strings:
            if not (switch and name.startswith("--no-")) and name not in {"-h", "--help"}:
                found.add(name + COUNTS.get(action.nargs, " VALUE"))
    sys.stdout.write("\n" + "\n".join(sorted(found)) + "\n")


main()
