"""What every child shares: its limits, its order, and a line of JSON for each answer."""

import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

CPU_SECONDS = 150
MEMORY_BYTES = 8 << 30  # of data: torch maps far more than it uses
ERROR_CHARACTERS = 300

Say = Callable[..., None]


def begin() -> tuple[dict[str, Any], Say]:
    """Limit the process, read the order, and keep stdout for answers: packages print at will."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)

    def say(**known: Any) -> None:
        answers.write(json.dumps(known) + "\n")
        answers.flush()

    return json.load(sys.stdin.buffer), say


def words(error: BaseException, folder: str = "") -> str:
    """Give an error as one line, without the machine's path of the checkpoint."""
    text = str(error).replace(folder, "CKPT") if folder else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}"[:ERROR_CHARACTERS]
