"""The process that imports the packages once, and forks for each order.

Each line of stdin is `{"script", "order"}`. What the script answers goes to stdout as it comes,
then a line `{"ended": exit code, "words": the last that it said on stderr}`.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, NoReturn

PACKAGES = (
    "compressed_tensors.quantization",
    "transformers.core_model_loading",
    "transformers.models.auto.tokenization_auto",
)
LAST_WORDS = 200


def main() -> None:
    """Serve until stdin ends."""
    answers = os.dup(1)
    os.dup2(2, 1)  # packages print at will
    for package in PACKAGES:
        with contextlib.suppress(ImportError):  # the script will say it
            importlib.import_module(package)
    gc.freeze()
    for line in sys.stdin.buffer:
        serve(json.loads(line), answers)


def serve(request: dict[str, Any], answers: int) -> None:
    """Run one script in a process of its own."""
    with tempfile.TemporaryFile() as order, tempfile.TemporaryFile() as said:
        order.write(json.dumps(request["order"]).encode())
        order.seek(0)
        child = os.fork()
        if child == 0:
            run(request["script"], order, said, answers)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        lines = [text for text in said.read().decode(errors="replace").split("\n") if text.strip()]
        words = lines[-1][:LAST_WORDS] if lines else ""
        os.write(answers, b"\n" + json.dumps({"ended": code, "words": words}).encode() + b"\n")


def run(script: str, order: IO[bytes], said: IO[bytes], answers: int) -> NoReturn:
    """Be the script."""
    for file, number in ((order, 0), (said, 2)):
        os.dup2(file.fileno(), number)
    os.dup2(answers, 1)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    code = 1
    try:
        runpy.run_path(str(Path(__file__).with_name(f"{script}.py")), run_name="__main__")
        code = 0
    except BaseException as error:  # noqa: BLE001 - whatever ends it is what is told
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
