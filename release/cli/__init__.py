"""The command line. Its parts are imported in `main`: Ctrl-C meanwhile is one line as well."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line, and exit with its code."""
    try:
        from release.cli.group import run  # noqa: PLC0415 - nothing before somebody listens

        run()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(INTERRUPTED)
