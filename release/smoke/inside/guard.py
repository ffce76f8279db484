"""Ends a process group when whoever holds the other end of stdin has gone, however it went.

Called with the group's id. A line on stdin means that the parent has ended the group itself.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Wait for the parent's word or its death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not sys.stdin.buffer.readline():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(sys.argv[1]), signal.SIGKILL)


if __name__ == "__main__":
    main()
