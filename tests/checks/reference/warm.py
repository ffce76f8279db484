"""A Python whose imports are paid once: it has torch and transformers already.

`warm_python` gives a program that is started like any Python, `python SCRIPT [ARGS]`, with its own
stdin, stdout and stderr. The script runs in a fork of a server; killing the program kills the fork.
"""

import contextlib
import importlib
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from release.offline import offline_environment
from tests.conftest import ROOT

IMPORTED = (
    "compressed_tensors.quantization",
    "compressed_tensors.utils.match",
    "transformers.core_model_loading",
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.tokenization_auto",
)
CLIENT = """#!{python} -SE
import os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [chr(0).join(sys.argv[1:]).encode()], [0, 1, 2])
    code = int(server.recv(16) or b"1")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@contextlib.contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Give the path of the program, in a folder of its own; the server ends with the block."""
    program, address = folder / "python", folder / "socket"
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.checks.reference.warm", address],
        env=offline_environment() | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,  # its end tells the server to end
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        yield program
        assert server.stdin
        server.stdin.close()


def serve(address: str) -> None:
    for package in IMPORTED:
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
    sys.argv, code = words, 0
    sys.path.insert(0, str(Path(words[0]).parent))
    try:
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
    serve(sys.argv[1])
