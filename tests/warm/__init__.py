"""A Python whose imports are paid once, however many scripts it runs.

`warm_python` gives a program that is started like any Python, `python SCRIPT [ARGS]`, `python -c
CODE` or `python -m MODULE`, with its own environment, folder, stdin, stdout and stderr. Killing the
program kills what runs for it, a moment later; other signals do not reach it.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

CLIENT = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    order = {{"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    socket.send_fds(server, [b"+"], [0, 1, 2])
    server.sendall(json.dumps(order).encode() + b"\\n")
    code = int(server.recv(16) or b"1")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@contextlib.contextmanager
def warm_python(
    folder: Path, python: Path, packages: Sequence[str], environment: Mapping[str, str]
) -> Iterator[Path]:
    """Give the path of the program, in a folder of its own; the server ends with the block.

    The environment is the imports'; a script has that of the program that asks for it.
    """
    program, address = folder / "python", folder / "socket"
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    with subprocess.Popen(
        [python, Path(__file__).with_name("server.py"), address, *packages],
        env=environment,
        stdin=subprocess.PIPE,  # its end tells the server to end
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        yield program
        assert server.stdin
        server.stdin.close()
