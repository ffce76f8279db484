"""The server behind a warm Python: its imports are paid, and each script runs in a fork of it.

Usage: server.py SOCKET PACKAGE...; it ends with its stdin. It is run by the Python that it serves,
which has what it has: nothing but the standard library is imported here.
"""

import contextlib
import importlib
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn


def serve(address: str, packages: list[str]) -> None:
    for package in packages:
        importlib.import_module(package)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                watch(connection)
            connection.close()


def watch(connection: socket.socket) -> NoReturn:
    """Run the script in a process of its own, and end it when the one who asked is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    words, streams, *_ = socket.recv_fds(connection, 1 << 16, 3)
    script = os.fork()
    if script == 0:
        connection.close()
        run(words.decode().split("\0"), streams)
    with contextlib.suppress(OSError):
        for stream in streams:
            os.close(stream)
    asker = connection.fileno()
    if asker in select.select([asker, os.pidfd_open(script)], [], [])[0]:
        os.kill(script, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(script, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(str(code).encode())
    os._exit(0)


def run(words: list[str], streams: list[int]) -> NoReturn:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    code = 0
    try:
        if words[0] == "-c":
            sys.argv = ["-c", *words[2:]]
            exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
        else:
            sys.argv = words
            sys.path.insert(0, str(Path(words[0]).parent))
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    except BaseException:  # noqa: BLE001 - as Python itself ends
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
